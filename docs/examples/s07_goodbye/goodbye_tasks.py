"""Draws step 07's tasks during its goodbye, with one client that does not read."""

import asyncio

from lab import Timeline, simulation, start
from lab.wire import encode

TASKS = ("server07", "client_connected")


async def main() -> None:
    """Have one client that closes when it is told, and one that does not read."""
    with Timeline(only=TASKS) as timeline:
        async with await start("07") as server:
            alice = await server.connect("alice")
            await alice.join("tea")
            sleepy = await server.call()
            await sleepy.send(encode({"action": "connect", "username": "sleepy"}))
            await sleepy.send(encode({"action": "joinroom", "room": "tea"}))
            await alice.hear("joinroom")
            for _ in range(10):
                await alice.say("tea", "x" * 30_000)
            await alice.join("tea")  # the answer comes after all of these
            await asyncio.sleep(1)
            server.main.cancel()
            await asyncio.wait({server.main})
    print(timeline.svg())


simulation.run(main())
