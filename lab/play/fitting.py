"""Makes texts as wide as there is room for, counted in cells of a terminal."""

import unicodedata

Fragment = tuple[str, str]  # a style and a text
Row = list[Fragment]

MOST = 3  # rows of one text
CUT = "…"


def cells(text: str) -> int:
    """Return how many cells a text takes: some characters take two, others none."""
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Return a text that is not too wide; the end of a longer one is cut."""
    if cells(text) <= width:
        return text
    room, kept = width - cells(CUT), ""
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept += character
    return f"{kept}{CUT}"[:width]


def fit(row: Row, width: int, fill: str = "") -> Row:
    """Return a row of exactly this width, cut or filled with spaces of a style."""
    found: Row = []
    for style, text in row:
        if cells(text) > width:
            text = cut(text, width)
            found.append((style, text))
            width -= cells(text)
            break
        found.append((style, text))
        width -= cells(text)
    return [*found, (fill, " " * width)] if width else found


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """Return a text as rows of words, of which the last is cut where it is too long.

    A word that is longer than a row is not worth a second one.
    """
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row.strip() else f"{row}{word}"
        if cells(longer) <= width:
            row = longer
        elif len(rows) == MOST - 1 or cells(indent + word) > width:
            return [*rows, cut(longer, width)]
        else:
            rows.append(row)
            row = indent + word
    return [*rows, row]
