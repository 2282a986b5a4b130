"""Shows when the finally of an asynchronous generator runs if you leave its loop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing


async def numbers(name: str) -> AsyncGenerator[int, None]:
    """Yield two numbers, and clean up at the end."""
    try:
        yield 1
        yield 2
    finally:
        print(f"{name} cleans up")


async def leave_it() -> None:
    """Take one number, and leave the loop."""
    generator = numbers("the first")
    async for _ in generator:
        break
    print("we have left the loop over the first")
    await asyncio.sleep(0)
    print("the function with that loop returns")


async def close_it() -> None:
    """Take one number, and leave the loop and the block around it."""
    async with aclosing(numbers("the second")) as generator:
        async for _ in generator:
            break
    print("we have left the block around the second")


async def main() -> None:
    """Do both."""
    await leave_it()
    await close_it()


asyncio.run(main())
