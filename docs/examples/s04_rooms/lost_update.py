"""Wrong on purpose: It waits between reading and writing."""

import asyncio

visitors = 0


async def count_safely() -> None:
    """Read and write with no await between the two."""
    global visitors
    visitors = visitors + 1
    await asyncio.sleep(0)


async def count_wrongly() -> None:
    """Read, wait and write: all that happened in between is lost."""
    global visitors
    seen = visitors
    await asyncio.sleep(0)
    visitors = seen + 1


async def main() -> None:
    """Let a hundred tasks count, first one way and then the other."""
    global visitors
    for count in (count_safely, count_wrongly):
        visitors = 0
        async with asyncio.TaskGroup() as tasks:
            for _ in range(100):
                tasks.create_task(count())
        print(f"{count.__name__}: {visitors} of 100")


asyncio.run(main())
