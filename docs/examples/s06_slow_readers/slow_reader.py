"""One member stops reading, and the room is told that it left."""

import asyncio

from lab import start
from lab.wire import encode

MESSAGES = 600
TEXT = "x" * 40_000  # the text of one message: large, so that the buffers fill quickly


async def main() -> None:
    """Send a lot, and count the messages that reach Bob."""
    async with await start("06") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        sleepy = await server.call()  # a connection that is never read
        await sleepy.send(encode({"action": "connect", "username": "sleepy"}))
        await sleepy.send(encode({"action": "joinroom", "room": "tea"}))
        await alice.hear("joinroom")
        for _ in range(MESSAGES):
            await alice.say("tea", TEXT)
            await bob.hear("chat")
        heard = sum(message["action"] == "chat" for message in bob.heard)
        print(f"Bob got {heard} of {MESSAGES} messages.")
        print("Bob also got:", await bob.hear("leaveroom"))


asyncio.run(main())
