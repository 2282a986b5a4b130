"""Draws what Alice asks of step 03, and what she hears."""

import asyncio

from lab import Sequence, start


async def main() -> None:
    """Ask for everything, and wait until all of it has been understood."""
    async with await start("03") as server:
        alice = await server.connect("alice")
        await alice.send({"action": "joinroom", "room": "tea"})
        await alice.send({"action": "dance"})
        await alice.say("tea", "hello")
        await alice.send({"action": "leaveroom", "room": "tea"})
        await server.prints("leaveroom")
        print(Sequence.of(alice).svg())


asyncio.run(main())
