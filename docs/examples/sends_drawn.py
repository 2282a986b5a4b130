"""Draws in which turns of the event loop steps 08 and 09 send, and to whom."""

import asyncio

from docs.examples.sends08 import sends_to
from lab import Client, drawing, simulation, start
from lab.wire import encode

LISTENERS = 5
TALKERS = 3
EACH = 4  # messages that each of them sends at once
CHAT = encode({"action": "chat", "room": "tea", "message": "hello"})

ROW, COLUMN, MARK = 24, 44, 10  # pixels
LEFT = 80  # pixels for the names


async def played(step: str) -> list[list[int]]:
    """Return for each turn how often the step sends to each of the listeners."""
    async with await start(step) as server:
        listening = [await server.connect(f"listener {n}") for n in range(LISTENERS)]
        talking = [await server.connect(f"talker {n}") for n in range(TALKERS)]
        for client in listening + talking:
            await client.join("tea")
        for talker in talking:
            await talker.connection.send(CHAT * EACH)
        turns = [[0] * LISTENERS]
        while not all(heard_all(client) for client in listening):
            before = [sends_to([client]) for client in listening]
            await asyncio.sleep(0)
            after = [sends_to([client]) for client in listening]
            turns.append([a - b for a, b in zip(after, before, strict=True)])
        while not any(turns[0]):
            turns.pop(0)
        while not any(turns[-1]):
            turns.pop()
        return turns


def heard_all(client: Client) -> bool:
    """Whether a listener has heard everything that is said."""
    chats = [message for message in client.heard if message["action"] == "chat"]
    return len(chats) == TALKERS * EACH


def panel(step: str, turns: list[list[int]], y: float) -> list[str]:
    """Draw a step: a row for each listener, a column for each turn, a mark a send."""
    sends = sum(map(sum, turns))
    parts = [drawing.written(4, y, f"step {step}: {drawing.several(sends, 'send')}")]
    for number, turn in enumerate(turns):
        x = LEFT + COLUMN * number
        parts.append(drawing.small(x, y + 18, f"turn {number + 1}"))
        for row, count in enumerate(turn):
            parts += [
                f'<rect x="{x + MARK * n}" y="{y + 26 + ROW * row}" width="{MARK - 3}" '
                f'height="{ROW - 6}" fill="currentColor" opacity=".7"/>'
                for n in range(count)
            ]
    for row in range(LISTENERS):
        parts.append(drawing.small(4, y + 40 + ROW * row, f"listener {row + 1}"))
    return parts


def main() -> None:
    """Play both, and draw one below the other."""
    played_by = {step: simulation.run(played(step)) for step in ("08", "09")}
    tall = 40 + ROW * LISTENERS
    parts = [
        part
        for number, (step, turns) in enumerate(played_by.items())
        for part in panel(step, turns, 16 + tall * number)
    ]
    words = "\n".join(
        f"step {step}, turn {number}: {drawing.several(sum(turn), 'send')}"
        for step, turns in played_by.items()
        for number, turn in enumerate(turns, 1)
    )
    columns = max(map(len, played_by.values()))
    wide = LEFT + COLUMN * columns
    print(drawing.picture("sends", wide, 2 * tall, words, parts))


if __name__ == "__main__":
    main()
