"""A cable is pulled out: nothing arrives, nothing fails, and an hour passes."""

import asyncio

from lab import Client, simulation, start
from lab.network import Faults, link_of


async def an_hour_alone() -> None:
    """Let Bob's connection die, wait for an hour, and ask who is in the room."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        link_of(bob.connection.socket).die()
        await asyncio.sleep(3600)
        print("Alice got:", sorted({m["action"] for m in alice.heard}))
        cleo: Client = await server.connect("cleo")
        members = (await cleo.join("tea"))["members"]
        print("Cleo is told that these are there:", sorted(members))


if __name__ == "__main__":
    simulation.run(an_hour_alone(), faults=Faults(latency=0.01))
