"""Draws how Mallory impersonates Alice in step 07."""

import asyncio

from lab import Client, Sequence, simulation, start


async def main() -> None:
    """Let Mallory say that she is Alice, and talk to Bob."""
    async with await start("07") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        mallory = Client("mallory", await server.call())
        await mallory.send({"action": "connect", "username": "alice"})
        await mallory.send({"action": "joinroom", "room": "tea"})
        await mallory.hear("joinroom")
        await mallory.say("tea", "Send it to me")
        await bob.hear("chat")
        await alice.hear("chat")
        await asyncio.sleep(1)
        print(Sequence.of(alice, bob, mallory).svg())


simulation.run(main())
