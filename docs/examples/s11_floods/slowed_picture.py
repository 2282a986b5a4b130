"""Draws two tasks of step 11: one client floods, the other says something."""

import asyncio

from lab import Timeline, simulation, start
from lab.wire import encode

CHAT = encode({"action": "chat", "room": "tea", "message": "hello"})


async def main() -> None:
    """Let Alice send 27 messages together, and Bob three while hers wait."""
    with Timeline(only=("client_connected",)) as timeline:
        async with await start("11") as server:
            alice, bob = await server.connect("alice"), await server.connect("bob")
            await alice.join("tea")
            await bob.join("tea")
            await asyncio.sleep(0.1)
            await alice.connection.send(CHAT * 27)
            for _ in range(3):
                await asyncio.sleep(0.25)
                await bob.say("tea", "hello")
            await asyncio.sleep(0.2)
            print(timeline.svg())  # before they end


simulation.run(main())
