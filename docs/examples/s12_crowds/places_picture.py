"""Draws how many connections step 12 has, and how many clients have a place.

Two clients connect each second from one address, and want to stay for a while. A
refused client does not close its connection.
"""

import asyncio
from typing import NamedTuple

from lab import simulation, start
from lab.host import Running
from lab.pictures import drawing
from lab.wire import encode

UNTIL, EVERY, STAYS = (
    30.0,
    0.5,
    15.0,
)  # seconds: of connecting, between two clients, of a stay
SECONDS = 45.0
LEFT, WIDTH, TOP, TALL = 40, 430, 20, 180  # pixels: of the field


class Sample(NamedTuple):
    """The counts at one time."""

    time: float
    connections: int
    places: int


async def main() -> None:
    """Let clients come and go, count twice per second, and draw the counts."""
    loop, samples = asyncio.get_running_loop(), list[Sample]()
    async with await start("12") as server, asyncio.TaskGroup() as tasks:
        begin, module = loop.time(), server.module
        while (now := loop.time() - begin) < SECONDS:
            if now < UNTIL:
                tasks.create_task(comes(server, f"guest {len(samples)}"))
            await asyncio.sleep(EVERY / 2)
            there = len(module.CLIENTS), len(module.ADMITTED)
            samples.append(Sample(loop.time() - begin, *there))
            await asyncio.sleep(EVERY / 2)
        print(drawn(samples, module.MAX_PER_ADDRESS))


async def comes(server: Running, name: str) -> None:
    """Connect, and disconnect after a while, whatever the server sends."""
    connection = await server.call()
    await connection.send(encode({"action": "connect", "username": name}))
    await asyncio.sleep(STAYS)
    await connection.close()


def drawn(samples: list[Sample], cap: int) -> str:
    """Return the picture: two lines over time, and the cap."""
    most = max(sample.connections for sample in samples) + 2
    connections = [(sample.time, sample.connections) for sample in samples]
    places = [(sample.time, sample.places) for sample in samples]
    line = 'fill="none" stroke="currentColor" stroke-width="1.5"'
    area = 'fill="currentColor" fill-opacity=".25" stroke="none"'
    floor, level = TOP + TALL, y_of(cap, most)
    parts = [
        f'<path d="{path(places, most)}V{floor}H{LEFT}z" {area}/>',
        f'<path d="{path(places, most)}" {line}/>',
        f'<path d="{path(connections, most)}" {line} stroke-dasharray="5 3"/>',
        f'<path d="M{LEFT} {floor}h{WIDTH}" stroke="currentColor"/>',
        f'<path d="M{LEFT} {level:.1f}h{WIDTH}" stroke="currentColor" opacity=".3"/>',
        drawing.small(LEFT - 6, level + 4, f"{cap}", "end"),
        drawing.small(LEFT - 6, floor + 4, "0", "end"),
        drawing.written(x_of(UNTIL) + 8, TOP + 6, "connections (dashed)"),
        drawing.written(x_of(UNTIL) - 8, level + 18, "admitted clients", "end"),
    ]
    for time in drawing.ticks(SECONDS):
        words = drawing.seconds(time, SECONDS)
        parts.append(drawing.small(x_of(time), floor + 18, words, "middle"))
    told = [
        f"connections: at most {most - 2}, at the end {samples[-1].connections}",
        f"admitted clients: at most {max(p for _, p in places)} of {cap}, "
        f"at the end {samples[-1].places}",
    ]
    return drawing.picture(
        "places", LEFT + WIDTH + 20, floor + 26, "\n".join(told), parts
    )


def path(line: list[tuple[float, int]], most: int) -> str:
    """Return a line that goes up and down in steps."""
    parts = [f"M{LEFT} {TOP + TALL}"]
    parts += [f"H{x_of(time):.1f}V{y_of(value, most):.1f}" for time, value in line]
    return "".join(parts)


def x_of(time: float) -> float:
    """Return where a time is."""
    return LEFT + time / SECONDS * WIDTH


def y_of(value: float, most: int) -> float:
    """Return where a number is."""
    return TOP + TALL * (1 - value / most)


simulation.run(main())
