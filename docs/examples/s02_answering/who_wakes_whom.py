"""Three things that wake a task: the clock, another task, the network."""

import asyncio

from lab import Connection, Timeline, simulation, start
from lab.network import Faults

SLOW = Faults(latency=0.02)  # seconds: enough to be seen


async def alice(gong: asyncio.Event) -> None:
    """Sleep for a while, then strike the gong."""
    await asyncio.sleep(0.05)
    gong.set()


async def bob(gong: asyncio.Event, server: Connection) -> None:
    """Wait for the gong, then send hello to the server."""
    await gong.wait()
    await server.send(b"hello")


async def recorded() -> Timeline:
    """Let Alice wake Bob, and Bob a task of step 02."""
    with Timeline(only=["alice", "bob", "client_connected"]) as timeline:
        async with await start("02") as server:
            gong, line = asyncio.Event(), await server.call()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(alice(gong), name="alice")
                tasks.create_task(bob(gong, line), name="bob")
            await server.prints("Heard")
    return timeline


if __name__ == "__main__":
    print(simulation.run(recorded(), faults=SLOW).text())
