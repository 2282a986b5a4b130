"""Draws three clients' tokens in step 11: one types, one pastes, one floods."""

import asyncio
from typing import Any, NamedTuple

from lab import Client, simulation, start
from lab.pictures import drawing
from lab.wire import encode

SECONDS = 42
TYPES, PASTES, FLOODS = "cleo types", "bob pastes 60 lines", "alice never stops"
PASTE, PASTE_AGAIN = 60, 16.0  # lines in one paste, and the seconds between two pastes

LEFT, WIDTH, TALL, APART = 34, 430, 60, 96  # pixels: the fields, and their distance


class Taken(NamedTuple):
    """One message that has been handled."""

    time: float  # seconds, since all had joined
    tokens: float  # left after it
    refused: bool


async def main() -> None:
    """Let each of them talk in its own way, and draw the content of their buckets."""
    loop = asyncio.get_running_loop()
    async with await start("11") as server:
        taken = noted(server.module)
        cleo, bob, alice = [await joined(server, name) for name in ("c", "b", "a")]
        for line in taken.values():
            line.clear()
        await asyncio.sleep(5)  # the buckets are full again
        begin = loop.time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(types(cleo))
            tasks.create_task(pastes(bob))
            flood = tasks.create_task(alice.connection.send(chats(450)))
            await asyncio.sleep(SECONDS)
            flood.cancel()
        lines = [
            [Taken(t.time - begin, *t[1:]) for t in line if t.time <= begin + SECONDS]
            for line in taken.values()
        ]
        names = dict(zip((TYPES, PASTES, FLOODS), lines, strict=True))
        print(drawn(names, server.module.BURST, server.module.RATE))


async def joined(server: Any, name: str) -> Client:
    """Return a client in the room."""
    client: Client = await server.connect(name)
    await client.join("tea")
    return client


def noted(module: Any) -> dict[Any, list[Taken]]:
    """Let each bucket note its tokens; the clients are in the order of connecting."""
    taken: dict[Any, list[Taken]] = {}
    original = module.Bucket.take

    def take(bucket: Any, now: float) -> float:
        refused = True
        try:
            pause: float = original(bucket, now)
            refused = False
        finally:
            taken.setdefault(bucket, []).append(Taken(now, bucket.tokens, refused))
        return pause

    module.Bucket.take = take
    return taken


def chats(many: int) -> bytes:
    """Return the bytes of this many messages."""
    return encode({"action": "chat", "room": "tea", "message": "hello"}) * many


async def types(client: Client) -> None:
    """Say something every two seconds."""
    for _ in range(SECONDS // 2):
        await client.say("tea", "hello")
        await asyncio.sleep(2)


async def pastes(client: Client) -> None:
    """Send many messages together, and then nothing for a while."""
    for _ in range(int(SECONDS / PASTE_AGAIN) + 1):
        await client.connection.send(chats(PASTE))
        await asyncio.sleep(PASTE_AGAIN)


def drawn(names: dict[str, list[Taken]], burst: float, rate: float) -> str:
    """Return the picture: a field for each client, one scale of time below all."""
    parts, bottom = [], 24.0
    for name, line in names.items():
        bottom += APART
        parts += field(name, line, bottom - 22, burst, rate)
    for value in drawing.ticks(SECONDS):
        words = drawing.seconds(value, SECONDS)
        parts.append(drawing.small(x_of(value), bottom + 6, words, "middle"))
    return drawing.picture(
        "tokens", LEFT + WIDTH + 90, bottom + 14, "\n".join(told(names)), parts
    )


def field(
    name: str, line: list[Taken], floor: float, burst: float, rate: float
) -> list[str]:
    """Draw one client's tokens over time, and a mark for each message below."""
    corners, before, tokens = [], 0.0, burst
    for now, left, _ in line:
        full = before + (burst - tokens) / rate
        corners += [(full, burst)] if full < now else []
        corners += [(now, min(burst, tokens + rate * (now - before))), (now, left)]
        before, tokens = now, left
    full, end = before + (burst - tokens) / rate, line[-1].time
    if not line[-1].refused:
        corners += [(full, burst)] if full < SECONDS else []
        end = SECONDS
        corners.append((end, min(burst, tokens + rate * (end - before))))
    points = "L".join(
        f"{x_of(time):.1f} {floor - max(value, 0) * TALL / burst:.1f}"
        for time, value in corners
    )
    path = f"M{LEFT} {floor}L{LEFT} {floor - TALL}L{points}L{x_of(end):.1f} {floor}z"
    parts = [
        drawing.written(LEFT, floor - TALL - 8, name),
        f'<path d="{path}" fill="currentColor" fill-opacity=".3" '
        f'stroke="currentColor" stroke-width="1.2"/>',
        f'<path d="{"".join(f"M{x_of(t.time):.1f} {floor + 4}v7" for t in line)}" '
        f'stroke="currentColor" stroke-width="1"/>',
    ]
    for value in (0, burst):
        y = floor - value * TALL / burst
        parts += [
            drawing.small(LEFT - 6, y + 4, f"{value:.0f}", "end"),
            f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="currentColor" opacity=".2"/>',
        ]
    if line[-1].refused:
        words = f"too_fast at {line[-1].time:.0f} s"
        parts.append(drawing.small(x_of(end) + 6, floor - TALL / 2, words))
    return parts


def x_of(time: float) -> float:
    """Return where a time is."""
    return LEFT + time / SECONDS * WIDTH


def told(names: dict[str, list[Taken]]) -> list[str]:
    """Return the picture in words."""
    return [
        f"{name}: {drawing.several(len(line), 'message')}, "
        f"{sum(t.tokens < 0 for t in line)} of them without a token; "
        + (f"refused after {line[-1].time:.1f} s" if line[-1].refused else "stays")
        for name, line in names.items()
    ]


simulation.run(main())
