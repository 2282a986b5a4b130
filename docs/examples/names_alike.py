"""Names that look alike, and what is left of the differences for who compares them."""

from unicodedata import normalize

NAMES = ["alice", "Alice", "ＡＬＩＣＥ", "René", "Rene\u0301", "Straße", "STRASSE", "аlice"]

for name in NAMES:
    key = normalize("NFKC", name.casefold())
    print(f"{ascii(name):>44}  {ascii(key)}")
