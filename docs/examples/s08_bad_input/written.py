"""How often step 08 calls send, for how many messages to how many members."""

import asyncio
from typing import Any

from lab import simulation, start
from lab.wire import encode

MESSAGES = 32


async def main(members: int) -> None:
    """Say everything at once, and count what goes to each of the others."""
    loop: Any = asyncio.get_running_loop()  # the simulation's, whose network counts
    async with await start("08") as server:
        alice, *others = [await server.connect(f"client-{n}") for n in range(members)]
        for client in (alice, *others):
            await client.join("tea")
        ends = [loop.network.facing(c.connection.address) for c in others]
        before = sum(end.sends for end in ends)
        said = encode({"action": "chat", "room": "tea", "message": "More tea?"})
        await alice.connection.send(said * MESSAGES)
        for client in others:
            for _ in range(MESSAGES):
                await client.hear("chat")
        calls = sum(end.sends for end in ends) - before
        print(f"{MESSAGES} messages to each of {len(others):3}: {calls:5} sends")


for members in (2, 11, 101):
    simulation.run(main(members))
