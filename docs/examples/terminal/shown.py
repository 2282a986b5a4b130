"""Shows lines of real people and of a joker as the module terminal prints them."""

from lab import story
from lab.host import load

terminal = load(story.find("terminal"))

TEXTS = (
    "Bonjour\u202f! Ça va\xa0?",  # with the narrow space that French has there
    "こんにちは\u3000世界",  # with a space as wide as a letter
    "می\u200cخواهم",  # noqa: RUF001 -- a Persian word, with a joint that is not joined
    "👩\u200d💻",  # two emoji, joined to one
    "\x1b[2J\x1b]0;hacked\x07",  # clears the screen, and gives the window a title
    "all is well\r[tea] alice: I resign",  # writes over what was there
    "invoice\u202efdp.exe",  # the end of it is shown from right to left
    "one line\u2028[tea] alice: and another",  # which some terminals take for two
)

for text in TEXTS:
    terminal.show(text)
