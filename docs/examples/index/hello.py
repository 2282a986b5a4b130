"""Starts the chat server and lets two clients talk: what the front page shows."""

import asyncio

from lab import start


async def main() -> None:
    """Let Alice say hello to Bob."""
    async with await start("05") as server:
        alice = await server.connect("alice")
        bob = await server.connect("bob")
        for client in (alice, bob):
            await client.join("tea")
        await alice.say("tea", "hello")
        print("bob hears", await bob.hear("chat"))


asyncio.run(main())
