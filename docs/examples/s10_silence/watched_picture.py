"""Draws the two tasks of a client of step 10 that joins a room and leaves."""

import asyncio

from lab import Timeline, simulation, start


async def a_visit() -> Timeline:
    """Let Alice join, wait for a while, and disconnect."""
    with Timeline(only=("client_connected", "watch")) as timeline:
        async with await start("10") as server:
            alice = await server.connect("alice")
            await asyncio.sleep(1.5)
            await alice.join("tea")
            await asyncio.sleep(2)
            await alice.close()
            await server.prints("gone")
    return timeline


if __name__ == "__main__":
    print(simulation.run(a_visit()).svg())
