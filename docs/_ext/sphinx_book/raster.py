"""Draws into a grid of pixels, and writes that as a PNG file, with Python alone.

A shape is a function: how far a point is from its edge, below 0 inside. A pixel at the
edge gets part of the colour, so edges look smooth.
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from sphinx_book import letters
from sphinx_book.letters import Point

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Shape = Callable[[float, float], float]


def rounded(box: Box, radius: float) -> Shape:
    """Return a rectangle with round corners."""
    left, top, right, bottom = box
    middle, centre = (left + right) / 2, (top + bottom) / 2
    wide, high = (right - left) / 2 - radius, (bottom - top) / 2 - radius

    def distance(x: float, y: float) -> float:
        across, down = abs(x - middle) - wide, abs(y - centre) - high
        if across > 0 and down > 0:
            return math.hypot(across, down) - radius
        return max(across, down) - radius

    return distance


def polygon(corners: Sequence[Point]) -> Shape:
    """Return a convex polygon, its corners clockwise as one sees them."""
    edges = []
    for (x, y), (to_x, to_y) in pairwise([*corners, corners[0]]):
        long = math.hypot(to_x - x, to_y - y)
        edges.append((x, y, (to_y - y) / long, (x - to_x) / long))
    return lambda x, y: max((x - a) * c + (y - b) * d for a, b, c, d in edges)


def pen(lines: Iterable[Sequence[Point]], thick: float) -> Shape:
    """Return what a round pen draws along these lines."""
    pieces = []
    for line in lines:
        for (x, y), (to_x, to_y) in pairwise(line):
            across, down = to_x - x, to_y - y
            pieces.append((x, y, across, down, across**2 + down**2 or 1.0))

    def distance(x: float, y: float) -> float:
        nearest = math.inf
        for a, b, across, down, square in pieces:
            along = ((x - a) * across + (y - b) * down) / square
            along = 0.0 if along < 0 else 1.0 if along > 1 else along
            away = (x - a - along * across) ** 2 + (y - b - along * down) ** 2
            nearest = min(nearest, away)
        return math.sqrt(nearest) - thick / 2

    return distance


class Picture:
    """A picture whose rows go from one colour at the top to another at the bottom."""

    def __init__(self, size: tuple[int, int], top: Colour, bottom: Colour) -> None:
        self.width, self.height = size
        self.rows = [
            bytearray(mixed(top, bottom, y / self.height)) * self.width
            for y in range(self.height)
        ]

    def fill(self, shape: Shape, box: Box, colour: Colour) -> None:
        """Colour a shape, which is inside of this box."""
        left, top, right, bottom = box
        whole = bytes(colour)
        for y in range(max(0, int(top)), min(self.height, math.ceil(bottom))):
            row = self.rows[y]
            for x in range(max(0, int(left)), min(self.width, math.ceil(right))):
                covered, place = 0.5 - shape(x + 0.5, y + 0.5), slice(3 * x, 3 * x + 3)
                if covered > 0:
                    edge = covered < 1
                    row[place] = mixed(row[place], colour, covered) if edge else whole

    def draw(
        self, lines: Sequence[Sequence[Point]], thick: float, colour: Colour
    ) -> None:
        """Draw lines with a round pen."""
        across = [x for line in lines for x, _ in line]
        down = [y for line in lines for _, y in line]
        box = (min(across), min(down), max(across), max(down))
        self.fill(pen(lines, thick), grown(box, thick), colour)

    def write(
        self, text: str, at: Point, size: float, colour: Colour, thick: float = 1.9
    ) -> None:
        """Write a text from a point on, its small letters 10 times the size high."""
        x, y = at
        for letter in letters.strokes(text):
            lines = [[(x + size * a, y - size * b) for a, b in line] for line in letter]
            self.draw(lines, thick * size, colour)

    def png(self) -> bytes:
        """Return it as a PNG file."""
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        parts = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def mixed(old: Sequence[int], new: Sequence[int], share: float) -> bytes:
    """Return a colour between two: of the new one it has this share."""
    return bytes(round(a + (b - a) * share) for a, b in zip(old, new, strict=True))


def grown(box: Box, by: float) -> Box:
    """Return a box that is larger on each side."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG file: its length, its kind, the data, a checksum."""
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
