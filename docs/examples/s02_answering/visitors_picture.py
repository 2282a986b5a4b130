"""Draws the tasks of step 02 while two visitors are connected."""

import asyncio

from lab import Timeline, simulation, start
from lab.network import Faults

SLOW = Faults(latency=0.02)  # seconds: enough for a picture


async def main() -> None:
    """Let two visitors come and go, and draw the server's tasks."""
    with Timeline(only=["server02", "client_connected"]) as timeline:
        async with await start("02") as server:
            first, second = await server.call(), await server.call()
            await first.send(b"hello")
            await asyncio.sleep(0.05)
            await second.send(b"me too")
            await asyncio.sleep(0.03)
            first.finish()
            await first.rest()
            second.finish()
            await second.rest()
    print(timeline.svg())


simulation.run(main(), faults=SLOW)
