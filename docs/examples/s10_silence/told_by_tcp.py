"""When step 09 notices a dead connection: only if it sends something, from TCP."""

import asyncio
from typing import Any

from lab import simulation, start

DAY = 24 * 60 * 60  # seconds


async def main(said: bool) -> None:
    """Cut Bob's connection, send him a message or none, and wait for a day."""
    loop: Any = asyncio.get_running_loop()  # the simulation's
    async with await start("09", settings={"GOODBYE": "0.5"}) as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        loop.network.cut(bob.connection.address)
        begin = loop.time()
        if said:
            await alice.say("tea", "Are you there?")
        theirs = next(c for c in server.module.CLIENTS if c.name == "bob")
        done, _ = await asyncio.wait({theirs.task}, timeout=DAY)
        when = f"after {(loop.time() - begin) / 60:.0f} minutes" if done else "never"
        print(f"a message is sent to Bob: {'yes' if said else 'no':5}noticed: {when}")


simulation.run(main(said=True), until=2 * DAY)
simulation.run(main(said=False), until=2 * DAY)
