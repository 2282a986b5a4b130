"""What the pictures have in common: inline SVG in the colour of the page, no script.

A picture has a width in pixels and keeps it, so that its letters stay as large as they
were meant: on a narrow screen one scrolls.
"""

import html
import math
from collections.abc import Iterable

SIZE = 12  # pixels: the height of the letters
SMALL = 11  # pixels: of those that only explain; smaller is not read on a phone
WIDE = 0.6  # of its height is how wide a letter is, in most typefaces and on average


def picture(
    kind: str, width: float, height: float, words: str, parts: Iterable[str]
) -> str:
    """Return an ``<svg>`` element of that many pixels, with its alternative in words.

    ``kind`` becomes its class.
    """
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" role="img" '
            f'aria-label="{escaped(words, lines=True)}" '
            f'viewBox="0 0 {width:g} {height:g}" '
            f'style="width:{width:g}px;min-width:{width:g}px;color:inherit" '
            f'font-family="sans-serif" font-size="{SIZE}" fill="currentColor">',
            *parts,
            "</svg>",
        ]
    )


def scrolling(svg: str) -> str:
    """Return the picture in a box that scrolls where it is wider than the page."""
    return f'<div style="overflow-x:auto">{svg}</div>'


def written(
    x: float, y: float, words: str, anchor: str = "start", more: str = ""
) -> str:
    """Return a ``<text>`` element; ``more`` is further attributes."""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    more = f" {more}" if more else ""
    return f'<text x="{x:.6g}" y="{y:.6g}"{at}{more}>{escaped(words)}</text>'


def small(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Return a ``<text>`` element in small letters."""
    return written(x, y, words, anchor, f'font-size="{SMALL}"')


def wide(words: str, size: float = SIZE) -> float:
    """Return about how many pixels the words take."""
    return len(words) * size * WIDE


def seen(text: str) -> str:
    """Write what nobody can see as an escape; XML could not hold all of it."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def escaped(text: str, *, lines: bool = False) -> str:
    """Return text that can stand in an element or an attribute.

    ``lines`` keeps the ends of lines as they are.
    """
    shown = "\n".join(map(seen, text.split("\n"))) if lines else seen(text)
    return html.escape(shown, quote=True)


def shortened(text: str, most: int) -> str:
    """Return at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def several(number: int, thing: str) -> str:
    """Return the number with its noun: ``1 turn``, ``2,000 turns``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def ticks(most: float, number: int = 5, base: int = 10) -> list[float]:
    """Return about so many round values from 0 up to ``most``, which is above 0.

    With ``base=1024`` they are round where bytes are counted.
    """
    rough = most / number
    power = float(base) ** math.floor(math.log(rough, base))
    steps = (1, 2, 5, 10) if base == 10 else [2**n for n in range(11)]
    step = next(n * power for n in steps if n * power >= rough * 0.999)
    return [n * step for n in range(int(most / step * 1.000001) + 1)]


def seconds(time: float, most: float | None = None) -> str:
    """Return a time in seconds as people read it, in the unit that suits ``most``."""
    most = abs(time if most is None else most)
    factor, unit = next(
        (pair for pair in ((1.0, "s"), (1e3, "ms")) if most * pair[0] >= 1), (1e6, "µs")
    )
    value = time * factor
    return f"{value:.3g} {unit}" if abs(value) < 1000 else f"{value:.0f} {unit}"


def size(number: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.3g} {unit}" if unit != "bytes" else f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:,.3g} GiB"
