"""Draws what step 10 says to two who are silent: one answers, the other does not."""

import asyncio

from lab import Sequence, simulation, start


async def a_silence() -> Sequence:
    """Let nobody say anything for a while, and Bob not even answer."""
    async with await start("10") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        bob.answers = False
        await asyncio.sleep(65)
        return Sequence.of(alice, bob)


if __name__ == "__main__":
    print(simulation.run(a_silence()).svg())
