"""Draws the messages between Alice and step 03."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Ask for everything, and wait until the server has understood all of it."""
    async with await start("03") as server:
        alice = await server.connect("alice")
        await alice.send({"action": "joinroom", "room": "tea"})
        await alice.send({"action": "dance"})
        await alice.say("tea", "hello")
        await alice.send({"action": "leaveroom", "room": "tea"})
        await server.prints("leaveroom")
        print(Sequence.of(alice).svg())


asyncio.run(main())
