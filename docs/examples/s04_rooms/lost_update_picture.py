"""Draws how three visitors are counted as one."""

import asyncio

from lab import Timeline

visitors = 0


async def count_wrongly() -> None:
    """Read the number, let other tasks run, and write it."""
    global visitors
    seen = visitors
    await asyncio.sleep(0)
    visitors = seen + 1


async def main() -> None:
    """Count three visitors at the same time, and draw when each task ran."""
    with Timeline(axis="turns") as timeline:
        async with asyncio.TaskGroup() as tasks:
            for name in ("alice", "bob", "cleo"):
                tasks.create_task(count_wrongly(), name=name)
    print(timeline.svg())


asyncio.run(main())
