"""When the finally of an asynchronous generator runs that is left in the middle."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing


async def numbers() -> AsyncGenerator[int, None]:
    """Yield a number, and tidy up at the end."""
    try:
        yield 1
        yield 2
    finally:
        print("  the generator tidies up")


async def leave_it() -> None:
    """Take one number, and leave the loop."""
    generator = numbers()
    async for _ in generator:
        break
    print("  the loop has been left")
    await asyncio.sleep(0)
    print("  the function is about to return")


async def close_it() -> None:
    """Take one number, and leave the loop and the block around it."""
    async with aclosing(numbers()) as generator:
        async for _ in generator:
            break
    print("  the block has been left")


async def main() -> None:
    """Do both."""
    print("without aclosing")
    await leave_it()
    await asyncio.sleep(0)
    print("with aclosing")
    await close_it()


asyncio.run(main())
