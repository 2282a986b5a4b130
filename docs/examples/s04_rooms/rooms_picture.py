"""Draws what Alice and Bob ask of step 04, and what they hear."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Let both join a room, one of them speak, and the other one leave."""
    async with await start("04") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        await alice.say("tea", "hello")
        await server.prints("should hear")
        await bob.leave("tea")
        print(Sequence.of(alice, bob).svg())


asyncio.run(main())
