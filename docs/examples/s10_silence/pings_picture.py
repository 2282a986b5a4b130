"""Draws how step 10 pings two silent clients: one answers, the other does not."""

import asyncio

from lab import Sequence, simulation, start


async def a_silence() -> Sequence:
    """Let Alice and Bob be silent for a while; Bob does not answer pings."""
    async with await start("10") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        bob.answers = False
        await asyncio.sleep(65)
        return Sequence.of(alice, bob)


if __name__ == "__main__":
    print(simulation.run(a_silence()).svg())
