"""Makes text from a server safe to show."""

SHOWN = 500  # characters of an answer that are shown

# A line that Python adds to a warning, and that says nothing about the program.
_OF_NO_HELP = "Enable tracemalloc to get the object allocation traceback"


def shortened(text: str) -> str:
    """Return a line that a terminal can show, whatever the server sent."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def last_of(lines: list[str]) -> str:
    """Return the last line that is not empty, safe to show."""
    for line in reversed(lines):
        if line.strip() and _OF_NO_HELP not in line:
            return shortened(line.strip())
    return ""
