"""What step 03 prints when a client joins a room, speaks and leaves."""

import asyncio

from lab import start


async def main() -> None:
    """Ask for each of the four actions, and for one that the server does not know."""
    async with await start("03") as server:
        alice = await server.connect("alice")
        await alice.send({"action": "joinroom", "room": "tea"})
        await alice.send({"action": "dance"})
        await alice.say("tea", "hello")
        await alice.send({"action": "leaveroom", "room": "tea"})
        await alice.close()
        await server.prints("Client gone.")
        print(server.printed().split("\n", 1)[1])
        print("messages that Alice received:", alice.heard)


asyncio.run(main())
