"""The letters of the title picture, each made of strokes: straight lines and arcs.

The picture is drawn while the book is built, and Python brings no font. These are the
letters of the title and of the names. A small letter is 10 high, a capital 14.5.
"""

import math
from collections.abc import Iterator

Point = tuple[float, float]
Line = tuple[float, float, float, float]  # from x and y to x and y
Arc = tuple[float, float, float, float, float]  # x, y, radius, from and to in degrees

GAP, SPACE = 4.2, 6.0  # between two letters, and what a space adds to that
STEM, BOWL = (0, 0, 0, 10), (5, 5, 5, 0, 360)
ARCH: tuple[Line | Arc, ...] = ((4.2, 5.8, 4.2, 0, 180), (8.4, 0, 8.4, 5.8))

LETTERS: dict[str, tuple[Line | Arc, ...]] = {
    "A": ((0, 0, 5.8, 14.5), (5.8, 14.5, 11.6, 0), (2, 5, 9.6, 5)),
    "B": (
        (0, 0, 0, 14.5),
        (0, 14.5, 4, 14.5),
        (4, 11, 3.5, -90, 90),
        (0, 7.5, 4.5, 7.5),
        (4.5, 3.75, 3.75, -90, 90),
        (0, 0, 4.5, 0),
    ),
    "C": ((7.25, 7.25, 7.25, 45, 315),),
    "a": (BOWL, (10, 0, 10, 10)),
    "b": (BOWL, (0, 0, 0, 15)),
    "c": ((5, 5, 5, 48, 312),),
    "e": ((5, 5, 5, 0, 315), (0, 5, 10, 5)),
    "h": ((0, 0, 0, 15), *ARCH),
    "i": (STEM, (0, 14, 0, 14)),
    "l": ((0, 0, 0, 15),),
    "m": (
        STEM,
        (3.5, 6.5, 3.5, 0, 180),
        (7, 0, 7, 6.5),
        (10.5, 6.5, 3.5, 0, 180),
        (14, 0, 14, 6.5),
    ),
    "n": (STEM, *ARCH),
    "o": (BOWL,),
    "p": (BOWL, (0, -4.5, 0, 10)),
    "r": (STEM, (4.2, 5.8, 4.2, 65, 180)),
    "s": (
        (4.2, 7.4, 2.6, 25, 90),
        (4.2, 10, 2.6, 10),
        (2.6, 7.4, 2.6, 90, 270),
        (2.6, 4.8, 4.2, 4.8),
        (4.2, 2.4, 2.4, -90, 90),
        (4.2, 0, 2.6, 0),
        (2.6, 2.4, 2.4, 205, 270),
    ),
    "t": ((2.4, 13.5, 2.4, 3), (5.4, 3, 3, 180, 270), (0, 10, 5.6, 10)),
    "v": ((0, 10, 4.5, 0), (4.5, 0, 9, 10)),
    "y": ((0, 10, 4.5, 0), (9, 10, 2.5, -4.5)),
}


def strokes(text: str) -> Iterator[list[list[Point]]]:
    """Yield the strokes of each letter, as points to connect; the text begins at 0, 0.

    ValueError, with its name, for a letter that is missing here.
    """
    x = 0.0
    for letter in text:
        if letter == " ":
            x += SPACE
            continue
        if letter not in LETTERS:
            raise ValueError(f"draw the letter {letter!r}, in sphinx_book/letters.py")
        found = [points(stroke) for stroke in LETTERS[letter]]
        yield [[(x + right, up) for right, up in stroke] for stroke in found]
        x += max(right for stroke in found for right, _ in stroke) + GAP


def width(text: str) -> float:
    """Return how wide a text is."""
    *_, last = strokes(text)
    return max(x for stroke in last for x, _ in stroke)


def points(stroke: Line | Arc) -> list[Point]:
    """Return the points of a stroke; an arc has one every 12 degrees or less."""
    if len(stroke) == 4:
        return [(stroke[0], stroke[1]), (stroke[2], stroke[3])]
    x, y, radius, start, end = stroke
    parts = math.ceil((end - start) / 12)
    angles = [math.radians(start + (end - start) * n / parts) for n in range(parts + 1)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]
