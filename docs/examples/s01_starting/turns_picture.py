"""Draws how two coroutines take turns."""

import asyncio

from lab import Timeline


async def count() -> None:
    """Count to three, and pause after each number."""
    for _ in (1, 2, 3):
        await asyncio.sleep(0)  # let the others have a turn


async def main() -> None:
    """Count twice, at the same time, and draw who ran when."""
    with Timeline(axis="turns") as timeline:
        first = asyncio.create_task(count(), name="first")
        second = asyncio.create_task(count(), name="second")
        await first
        await second
    print(timeline.svg())


asyncio.run(main())
