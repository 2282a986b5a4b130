"""A task that is cancelled passes this on to the task that it waits for."""

import asyncio


async def inner() -> None:
    """Sleep for a minute, unless that is cut short."""
    try:
        await asyncio.sleep(60)
    finally:
        print("inner is cancelled")


async def outer() -> None:
    """Start inner as a task, and wait for it."""
    try:
        await asyncio.create_task(inner())
    finally:
        print("outer is cancelled")


async def main() -> None:
    """Cancel outer, and only outer."""
    waiting = asyncio.create_task(outer())
    await asyncio.sleep(0.1)  # by now both of them wait
    waiting.cancel()
    await asyncio.wait({waiting})
    print("outer has ended")


asyncio.run(main())
