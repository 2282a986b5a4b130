"""When step 09 notices that a line is dead: by its system, if anything is sent."""

import asyncio
from typing import Any

from lab import simulation, start

DAY = 24 * 60 * 60  # seconds


async def main(said: bool) -> None:
    """Let Bob's line go dead, say something or nothing, and wait for a day."""
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
        print(f"something is said to Bob: {'yes' if said else 'no':5}noticed: {when}")


simulation.run(main(said=True), until=2 * DAY)
simulation.run(main(said=False), until=2 * DAY)
