"""Draws what Alice, Bob and the server send to each other in a short chat."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Let both join a room, Alice speak, and Bob leave."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        await alice.hear("joinroom")
        await alice.say("tea", "hello")
        await bob.hear("chat")
        await bob.leave("tea")
        await alice.hear("leaveroom")
        print(Sequence.of(alice, bob).svg())


asyncio.run(main())
