"""Draws the messages between Alice, Bob and step 04."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Let both join a room, Alice speak, and Bob leave."""
    async with await start("04") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        await alice.say("tea", "hello")
        await server.prints("should hear")
        await bob.leave("tea")
        print(Sequence.of(alice, bob).svg())


asyncio.run(main())
