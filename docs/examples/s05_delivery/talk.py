"""Draws the messages of three clients that talk through step 05."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Let two clients join a room, a third another room, and one of them speak."""
    async with await start("05") as server:
        alice, bob, cleo = [await server.connect(n) for n in ("alice", "bob", "cleo")]
        await alice.join("tea")
        await bob.join("tea")
        await cleo.join("milk")
        await alice.say("tea", "hello")
        await bob.hear("chat")
        await bob.leave("tea")
        await alice.hear("leaveroom")
        print(Sequence.of(alice, bob, cleo).svg())


asyncio.run(main())
