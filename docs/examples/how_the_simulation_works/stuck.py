"""Two tasks wait for each other: nothing can ever happen again."""

import asyncio

from lab import simulation


async def first_after(mine: asyncio.Event, other: asyncio.Event) -> None:
    """Let the other one go on, but only when it has let us go on."""
    await other.wait()
    mine.set()


async def main() -> None:
    """Start two of them, and each waits for the other."""
    one, two = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first_after(one, two), name="Alice")
        tasks.create_task(first_after(two, one), name="Bob")


try:
    simulation.run(main())
except simulation.Stuck as error:
    print(error)
