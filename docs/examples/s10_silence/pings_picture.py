"""Draws what step 10 says to two who are silent: one answers, the other does not."""

import asyncio

from lab import Sequence, simulation, start


async def main() -> None:
    """Let nobody say anything for a while, and Bob not even answer."""
    async with await start("10") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        bob.answers = False
        await asyncio.sleep(65)
        print(Sequence.of(alice, bob).svg())


simulation.run(main())
