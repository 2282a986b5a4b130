"""One member of the room stops reading, and Alice goes on talking."""

import asyncio

from lab import start
from lab.wire import encode

MESSAGES = 600
TEXT = "x" * 40_000  # of one message: large, so that the buffers fill quickly


async def main() -> None:
    """Say a lot, until nothing moves for a second, and count what reaches Bob."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        sleepy = await server.call()  # a connection that is never read
        await sleepy.send(encode({"action": "connect", "username": "sleepy"}))
        await sleepy.send(encode({"action": "joinroom", "room": "tea"}))
        await alice.hear("joinroom")
        try:
            for _ in range(MESSAGES):
                async with asyncio.timeout(1):
                    await alice.say("tea", TEXT)
                    await bob.hear("chat")
        except TimeoutError:
            pass
        heard = sum(message["action"] == "chat" for message in bob.heard)
        assert heard < MESSAGES, "a slow reader did not hold up the room"
        print(f"Bob got {heard} of {MESSAGES} messages; then nothing moved.")


asyncio.run(main())
