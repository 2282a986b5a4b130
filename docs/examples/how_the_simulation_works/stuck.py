"""Lets two tasks wait for each other, a deadlock."""

import asyncio

from lab import simulation


async def first_after(mine: asyncio.Event, other: asyncio.Event) -> None:
    """Wait for the other event, and only then set ours."""
    await other.wait()
    mine.set()


async def main() -> None:
    """Start two tasks, each of which waits for the other."""
    one, two = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first_after(one, two), name="Alice")
        tasks.create_task(first_after(two, one), name="Bob")


try:
    simulation.run(main())
except simulation.Stuck as error:
    print(error)
