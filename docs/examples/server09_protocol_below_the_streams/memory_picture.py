"""Draws the memory of an idle connection, part by part."""

import asyncio

from docs.examples.server09_protocol_below_the_streams.memory_of_a_connection import (
    SERVERS,
    parts,
)
from lab.pictures.drawing import picture, small, ticks, wide, written

LEFT, TOP, HIGH, APART = 120, 34, 26, 44  # pixels
WIDTH = 500  # pixels of the longest bar
SHADES = (0.5, 0.05, 0.85, 0.25)  # far apart where two parts touch


def drawn(columns: dict[str, dict[str, float]]) -> str:
    """Return a bar for each step, made of its parts; the sizes are in bytes."""
    most = max(sum(sizes.values()) for sizes in columns.values())
    scale = WIDTH / most
    bottom = TOP + APART * len(columns)
    shapes, words, x = [], [], float(LEFT)
    for part, shade in zip(next(iter(columns.values())), SHADES, strict=True):
        shapes += [box(x, 8, 12, 12, shade), small(x + 17, 18, part)]
        x += 17 + wide(part) + 16
    for number, (step, sizes) in enumerate(columns.items()):
        y, x = TOP + APART * number, float(LEFT)
        shapes.append(written(LEFT - 8, y + 18, step, "end"))
        for size, shade in zip(sizes.values(), SHADES, strict=True):
            if size:
                shapes.append(box(x, y, size * scale, HIGH, shade))
                x += size * scale
        shapes.append(written(x + 6, y + 18, f"{kib(sum(sizes.values()))} KiB"))
        told = ", ".join(f"{part} {kib(size)}" for part, size in sizes.items())
        words.append(f"{step}: {told} KiB.")
    for tick in ticks(most, base=1024):
        shapes.append(small(LEFT + tick * scale, bottom + 4, kib(tick, 0), "middle"))
    shapes.append(small(LEFT + WIDTH + 6, bottom + 4, "KiB"))
    alternative = "Memory of an idle connection.\n" + "\n".join(words)
    return picture("memory", LEFT + WIDTH + 70, bottom + 12, alternative, shapes)


def box(x: float, y: float, width: float, height: float, shade: float) -> str:
    """Return a filled rectangle with a thin line around it."""
    place = f'x="{x:.6g}" y="{y:.6g}" width="{width:.6g}" height="{height:.6g}"'
    return f'<rect {place} fill-opacity="{shade}" stroke="currentColor"/>'


def kib(size: float, digits: int = 1) -> str:
    """Return a number of bytes in KiB."""
    return f"{size / 1024:.{digits}f}"


if __name__ == "__main__":
    measured = {
        name: asyncio.run(parts(step), debug=False) for step, name in SERVERS.items()
    }
    print(drawn(measured))
