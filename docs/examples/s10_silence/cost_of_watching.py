"""The CPU time that it takes to watch a thousand clients, once per second."""

import asyncio
import time

from lab import story
from lab.host import load

CLIENTS = 1000
SECONDS = 3

utils03 = load(story.find("utils03"))


async def watch() -> None:
    """Count the ticks of one client that talks."""
    timeout = utils03.Idle()
    async for late in utils03.ticks():
        timeout.is_whole()
        timeout.tick(named=True, owed=0, late=late)


async def main() -> None:
    """Start a task for each client, and measure the CPU time."""
    watching = [asyncio.create_task(watch()) for _ in range(CLIENTS)]
    await asyncio.sleep(utils03.TICK / 2)  # all of them wait for their first tick
    before = time.process_time()
    await asyncio.sleep(SECONDS)
    took = (time.process_time() - before) / SECONDS
    print(f"{CLIENTS:,} clients: {took * 1000:.0f} ms of CPU time per second")
    for task in watching:
        task.cancel()


asyncio.run(main())
