"""Counts how often step 08 calls send, in a room with 100 listeners."""

import asyncio
from typing import Any

from lab import Client, simulation, start
from lab.wire import encode

LISTENERS = 100
HEAD = f"{'':26}{'messages':>9}{'deliveries':>12}{'sends':>8}"
LOADS = [  # how many talk, and how many messages each of them sends at once
    ("one message", 1, 1),
    ("32 at once, from one", 1, 32),
    ("16 at once, one from each", 16, 1),
]


async def counted(
    step: str, talkers: int, each: int, listeners: int = LISTENERS
) -> tuple[int, int, int]:
    """Let clients talk; return the numbers of messages, deliveries and sends."""
    async with await start(step) as server:
        listening = [await server.connect(f"listener {n}") for n in range(listeners)]
        talking = [await server.connect(f"talker {n}") for n in range(talkers)]
        for client in listening + talking:
            await client.join("tea")
        before = sends_to(listening)
        for talker in talking:
            said = {"action": "chat", "room": "tea", "message": "hello"}
            await talker.connection.send(encode(said) * each)
        for client in listening:
            for _ in range(talkers * each):
                await client.hear("chat")
        heard = sum(m["action"] == "chat" for c in listening for m in c.heard)
        return talkers * each, heard, sends_to(listening) - before


def sends_to(clients: list[Client]) -> int:
    """Return how often the server called send for all of these clients together."""
    loop: Any = asyncio.get_running_loop()  # the simulation's, whose network counts
    return sum(
        loop.network.facing(client.connection.address).sends for client in clients
    )


def row(what: str, step: str, talkers: int, each: int) -> str:
    """Count in the simulation, and return a line of the table."""
    said, heard, sends = simulation.run(counted(step, talkers, each))
    return f"{what:26}{said:9,}{heard:12,}{sends:8,}"


if __name__ == "__main__":
    print(HEAD)
    for load in LOADS:
        print(row(load[0], "08", *load[1:]))
