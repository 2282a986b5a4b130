"""What step 04 answers and prints, and what Bob never gets."""

import asyncio

from lab import start


async def main() -> None:
    """Let two clients join a room, and one of them speak."""
    async with await start("04") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        print("alice gets", await alice.join("tea"))
        print("bob gets", await bob.join("tea"))
        await alice.say("tea", "hello")
        print("the server prints", await server.prints("should hear"))
        await bob.leave("tea")  # its answer comes after everything before it
        print("bob got in all:", [message["action"] for message in bob.heard])


asyncio.run(main())
