"""Draws the bytes that wait in step 05 when one member stops reading."""

import asyncio

from lab import Unsent, simulation, start
from lab.wire import encode

TEXT = "x" * 2000


async def main() -> None:
    """Let Alice talk ten times a second, and Sleepy fall asleep after a while."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        sleepy = await server.call()
        await sleepy.send(encode({"action": "connect", "username": "sleepy"}))
        await sleepy.send(encode({"action": "joinroom", "room": "tea"}))
        await alice.join("tea")
        await bob.join("tea")
        with Unsent.of(bob, sleepy=sleepy) as unsent:
            for second in range(20):
                for _ in range(10):
                    await alice.say("tea", TEXT)
                    await asyncio.sleep(0.1)
                if second < 5:
                    await sleepy.receive()
        print(unsent.svg())


simulation.run(main())
