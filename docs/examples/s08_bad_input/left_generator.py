"""When the finally of an asynchronous generator runs that is left in the middle."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing


async def numbers(name: str) -> AsyncGenerator[int, None]:
    """Yield two numbers, and tidy up at the end."""
    try:
        yield 1
        yield 2
    finally:
        print(f"{name} tidies up")


async def leave_it() -> None:
    """Take one number, and leave the loop."""
    generator = numbers("the first")
    async for _ in generator:
        break
    print("the loop over the first has been left")
    await asyncio.sleep(0)
    print("the function with that loop returns")


async def close_it() -> None:
    """Take one number, and leave the loop and the block around it."""
    async with aclosing(numbers("the second")) as generator:
        async for _ in generator:
            break
    print("the block around the second has been left")


async def main() -> None:
    """Do both."""
    await leave_it()
    await close_it()


asyncio.run(main())
