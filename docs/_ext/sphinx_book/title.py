"""Draws what other programs show beside a link to the book.

A chat or a social network shows the title picture, a telephone's home screen the icon.
Both are drawn twice as large and made smaller, so that slanted lines are smooth.
"""

import math
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageDraw import ImageDraw as Drawing

SIZE = (1200, 630)  # what is asked for
ICON = 180  # pixels on each side, as Apple asks for it
FINE = 2

NIGHT, BLUE, PALE, WHITE = "#0f1830", "#2757dd", "#96b2ff", "#ffffff"
INK, GREY = "#121a36", "#4a547a"

Box = tuple[float, float, float, float]
Point = tuple[float, float]

SERVER: Box = (472, 370, 728, 486)
CHATS: dict[str, tuple[Box, str]] = {  # who hears or says it, where, in which colour
    "Alice": ((80, 370, 330, 486), "#ffcf7a"),
    "Bob": ((870, 286, 1120, 402), "#8ee4bb"),
    "Cleo": ((870, 454, 1120, 570), "#ffb0be"),
}


class Canvas:
    """A picture in one colour, to be drawn on."""

    def __init__(self, size: tuple[int, int], colour: str) -> None:
        self._size = size
        self._image = Image.new("RGB", (size[0] * FINE, size[1] * FINE), colour)
        self._draw: Drawing = ImageDraw.Draw(self._image)

    def write(
        self, text: str, place: Point, size: float, colour: str, anchor: str = "ls"
    ) -> None:
        """Write a text; ``anchor`` says which point of it is at the place."""
        font = ImageFont.load_default(size * FINE)
        self._draw.text(_fine(place), text, colour, font, anchor=anchor)

    def box(self, box: Box, colour: str, round_by: float = 22) -> None:
        """Fill a box with round corners."""
        corners = [_fine(box[:2]), _fine(box[2:])]
        self._draw.rounded_rectangle(corners, round_by * FINE, colour)

    def shape(self, points: list[Point], colour: str) -> None:
        """Fill what lies between these points."""
        self._draw.polygon([_fine(point) for point in points], colour)

    def arrow(self, start: Point, end: Point, colour: str) -> None:
        """Draw an arrow."""
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        one, other = (
            (end[0] - 18 * math.cos(angle + turn), end[1] - 18 * math.sin(angle + turn))
            for turn in (0.6, -0.6)
        )
        for line in ([start, end], [one, end, other]):
            points = [_fine(point) for point in line]
            self._draw.line(points, colour, width=5 * FINE, joint="curve")

    def png(self) -> bytes:
        """Return the picture in its size, as a PNG."""
        written = BytesIO()
        self._image.resize(self._size, Image.Resampling.LANCZOS).save(written, "PNG")
        return written.getvalue()


def drawn(title: str) -> bytes:
    """Return the picture as a PNG; at the comma the title goes on in a second line."""
    canvas = Canvas(SIZE, NIGHT)
    first, _, second = title.partition(", ")
    canvas.write(first, (80, 150), 92, WHITE)
    canvas.write(second, (80, 236), 56, PALE)
    for name, (box, colour) in CHATS.items():
        _connect(canvas, name, box, colour)
        _bubble(canvas, box, colour)
        canvas.write(name, (box[0] + 28, box[1] + 42), 30, GREY)
        canvas.write("hello", (box[0] + 28, box[3] - 24), 46, INK)
    canvas.box(SERVER, BLUE)
    middle = (SERVER[0] + SERVER[2]) / 2, (SERVER[1] + SERVER[3]) / 2
    canvas.write("server", middle, 50, WHITE, "mm")
    return canvas.png()


def icon() -> bytes:
    """Return the icon as a PNG: a white bubble, as in favicon.svg, which is 16 wide."""
    canvas, unit = Canvas((ICON, ICON), BLUE), ICON / 16
    canvas.box((3 * unit, 4 * unit, 13 * unit, 10 * unit), WHITE, round_by=unit)
    tail: list[Point] = [(5, 9), (9, 9), (5, 13)]
    canvas.shape([(x * unit, y * unit) for x, y in tail], WHITE)
    return canvas.png()


def _connect(canvas: Canvas, name: str, box: Box, colour: str) -> None:
    """Draw the way of Alice's hello: to the server, or from there to somebody else."""
    left, top, right, bottom = SERVER
    middle, centre = (top + bottom) / 2, (box[1] + box[3]) / 2
    if name == "Alice":
        canvas.arrow((box[2] + 14, centre), (left - 14, middle), colour)
    else:
        start = (right + 14, middle + (centre - middle) / 4)
        canvas.arrow(start, (box[0] - 14, centre), colour)


def _bubble(canvas: Canvas, box: Box, colour: str) -> None:
    left, _, _, bottom = box
    canvas.shape(
        [(left + 28, bottom - 2), (left + 76, bottom - 2), (left + 28, bottom + 32)],
        colour,
    )
    canvas.box(box, colour)


def _fine(point: tuple[float, ...]) -> Point:
    return point[0] * FINE, point[1] * FINE
