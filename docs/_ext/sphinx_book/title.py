"""Draws what other programs show beside a link to the book.

A chat or a social network shows the title picture, a telephone's home screen the icon.
"""

import math

from sphinx_book import letters
from sphinx_book.letters import Point
from sphinx_book.raster import Box, Colour, Picture, polygon, rounded

SIZE = (1200, 630)  # what is asked for
ICON = 180  # pixels on each side, as Apple asks for it

NIGHT: tuple[Colour, Colour] = ((11, 17, 36), (24, 38, 78))  # at the top, the bottom
BLUE: Colour = (39, 87, 221)  # that of the icon
PALE: Colour = (150, 178, 255)
WHITE: Colour = (255, 255, 255)
INK: Colour = (18, 26, 54)
GREY: Colour = (74, 84, 122)

SERVER: Box = (472, 370, 728, 486)
CHATS: dict[str, tuple[Box, Colour]] = {  # who hears or says it, where, in which colour
    "Alice": ((80, 370, 330, 486), (255, 207, 122)),
    "Bob": ((870, 286, 1120, 402), (142, 228, 187)),
    "Cleo": ((870, 454, 1120, 570), (255, 176, 190)),
}


def drawn(title: str) -> bytes:
    """Return the picture as a PNG; at the comma the title goes on in a second line."""
    picture = Picture(SIZE, *NIGHT)
    first, _, second = title.partition(", ")
    size = 1040 / letters.width(first)
    picture.write(first, (80, 146), size, WHITE, 2.2)
    picture.write(second, (80, 232), 2.9, PALE)
    connect(picture)
    picture.fill(rounded(SERVER, 22), SERVER, BLUE)
    centred(picture, "server", SERVER, 2.7, WHITE)
    for name, (box, colour) in CHATS.items():
        bubble(picture, box, colour)
        picture.write(name, (box[0] + 28, box[1] + 40), 1.6, GREY)
        picture.write("hello", (box[0] + 28, box[3] - 22), 2.4, INK)
    return picture.png()


def icon() -> bytes:
    """Return the icon as a PNG: a white bubble, as in favicon.svg, which is 16 wide."""
    picture, unit = Picture((ICON, ICON), BLUE, BLUE), ICON / 16
    box = (3 * unit, 4 * unit, 13 * unit, 10 * unit)
    tail = [(x * unit, y * unit) for x, y in ((5, 9), (9, 9), (5, 13))]
    for shape in (rounded(box, 0), polygon(tail)):
        picture.fill(shape, (0, 0, ICON, ICON), WHITE)
    return picture.png()


def connect(picture: Picture) -> None:
    """Draw the way of Alice's hello: to the server, and on to the others."""
    left, top, right, bottom = SERVER
    middle = (top + bottom) / 2
    for name, (box, colour) in CHATS.items():
        centre = (box[1] + box[3]) / 2
        if name == "Alice":
            arrow(picture, (box[2] + 14, centre), (left - 14, middle), colour)
        else:
            start = (right + 14, middle + (centre - middle) / 4)
            arrow(picture, start, (box[0] - 14, centre), colour)


def arrow(picture: Picture, start: Point, end: Point, colour: Colour) -> None:
    """Draw an arrow."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    sides = [
        (end[0] - 18 * math.cos(angle + turn), end[1] - 18 * math.sin(angle + turn))
        for turn in (0.6, -0.6)
    ]
    picture.draw([[start, end], [sides[0], end, sides[1]]], 5, colour)


def bubble(picture: Picture, box: Box, colour: Colour) -> None:
    """Draw a speech bubble, like that of the icon."""
    left, _, _, bottom = box
    tail = [(left + 28, bottom - 2), (left + 76, bottom - 2), (left + 28, bottom + 32)]
    picture.fill(polygon(tail), (left + 27, bottom - 4, left + 78, bottom + 33), colour)
    picture.fill(rounded(box, 22), box, colour)


def centred(picture: Picture, text: str, box: Box, size: float, colour: Colour) -> None:
    """Write a word of small letters into the middle of a box."""
    x = (box[0] + box[2] - size * letters.width(text)) / 2
    picture.write(text, (x, (box[1] + box[3]) / 2 + 5 * size), size, colour)
