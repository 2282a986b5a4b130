"""Two coroutines take turns: each lets the other run at its await."""

import asyncio


async def count(name: str) -> None:
    """Count to three, and pause after each number."""
    for number in (1, 2, 3):
        print(f"{name}: {number}")
        await asyncio.sleep(0)  # let the others have a turn


async def main() -> None:
    """Count twice, at the same time."""
    first = asyncio.create_task(count("first"))
    second = asyncio.create_task(count("second"))
    await first
    await second


asyncio.run(main())
