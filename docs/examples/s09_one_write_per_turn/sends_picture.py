"""Draws in which turns of the event loop steps 08 and 09 send, and how much."""

import asyncio
from collections.abc import Iterable
from typing import Any

from lab import simulation, start
from lab.pictures import drawing
from lab.wire import encode

LISTENERS = 5
TALKERS = 3
EACH = 4  # messages that each of them sends at once
CHAT = {"action": "chat", "room": "tea", "message": "hello"}

Sends = list[dict[int, list[int]]]  # of each listener, by turn: messages in each send

MESSAGE, GAP = 12, 3  # pixels: how wide a mark is for each message; between two marks
ROW, LEFT, TOP = 24, 80, 30  # pixels


async def played(step: str) -> Sends:
    """Let all talk, and return what the step sends to each of the listeners."""
    async with await start(step) as server:
        names = [f"listener {n}" for n in range(LISTENERS)]
        listening = [await server.connect(name) for name in names]
        talking = [await server.connect(f"talker {n}") for n in range(TALKERS)]
        for client in listening + talking:
            await client.join("tea")
        for talker in talking:
            await talker.connection.send(encode(CHAT) * EACH)
        watched: list[Any] = [facing(client.connection.address) for client in listening]
        found: Sends = [{} for _ in watched]
        for turn in range(TALKERS * EACH + 2):
            for end, sends in zip(watched, found, strict=True):
                watch(end, sends.setdefault(turn, []))
            await asyncio.sleep(0)
        return found


def facing(address: tuple[str, int]) -> Any:
    """Return the server's end of the connection of a client."""
    loop: Any = asyncio.get_running_loop()  # the simulation's
    return loop.network.facing(address)


def watch(end: Any, sends: list[int]) -> None:
    """Note from now on how many messages each send on this socket carries."""

    def sendmsg(buffers: Iterable[bytes | memoryview]) -> int:
        pieces = [bytes(piece) for piece in buffers]
        if messages := b"".join(pieces).count(b"hello"):  # and not the news
            sends.append(messages)
        taken: int = type(end).sendmsg(end, pieces)
        return taken

    end.sendmsg = sendmsg  # which send calls, too


def panel(step: str, found: Sends, y: float) -> list[str]:
    """Draw a step: a row for each listener, a column for each turn, a mark a send."""
    turns = sorted({turn for sends in found for turn in sends if sends[turn]})
    number = sum(len(sent) for sends in found for sent in sends.values())
    parts = [drawing.written(4, y, f"step {step}: {drawing.several(number, 'send')}")]
    x = float(LEFT)
    for column, turn in enumerate(turns, 1):
        parts.append(drawing.small(x, y + 18, f"turn {column}"))
        for row, sends in enumerate(found):
            parts += marks(sends[turn], x, y + TOP - 4 + ROW * row)
        x += 14 + max(sum(MESSAGE * n for n in sends[turn]) for sends in found)
    for row in range(LISTENERS):
        parts.append(drawing.small(4, y + TOP + 10 + ROW * row, f"listener {row + 1}"))
    return parts


def marks(sent: list[int], x: float, y: float) -> list[str]:
    """Draw the sends of one turn to one listener, as wide as they carry messages."""
    parts = []
    for number in sent:
        wide = MESSAGE * number - GAP
        parts.append(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{ROW - 6}" '
            f'fill="currentColor" opacity=".7"/>'
        )
        x += MESSAGE * number
    return parts


def main() -> None:
    """Play both, and draw one below the other."""
    tall = TOP + ROW * LISTENERS + 24
    steps = {step: simulation.run(played(step)) for step in ("08", "09")}
    for step, found in steps.items():
        for sends in found:
            drawn = sum(sum(sent) for sent in sends.values())
            assert drawn == TALKERS * EACH, f"step {step} sent {drawn} messages"
    parts = [
        part
        for number, (step, found) in enumerate(steps.items())
        for part in panel(step, found, 16 + tall * number)
    ]
    words = "\n".join(
        f"step {step} to listener {number}: "
        + "; ".join(
            f"{drawing.several(len(sent), 'send')} with {sum(sent)} messages"
            for sent in sends.values()
            if sent
        )
        for step, found in steps.items()
        for number, sends in enumerate(found, 1)
    )
    wide = LEFT + (MESSAGE * TALKERS + 14) * EACH
    print(drawing.picture("sends", wide, 2 * tall, words, parts))


if __name__ == "__main__":
    main()
