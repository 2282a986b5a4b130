"""Two tasks that end together: one works, the other watches it."""

import asyncio

from lab import simulation


async def work(seconds: float) -> None:
    """Work for this many seconds."""
    try:
        await asyncio.sleep(seconds)
        print("  work: done")
    finally:
        print("  work: cleaned up")


async def watch(timeout: float) -> None:
    """Wait for this many seconds, then fail."""
    try:
        await asyncio.sleep(timeout)
        raise RuntimeError("the work takes too long")
    finally:
        print("  watch: cleaned up")


async def both(seconds: float, timeout: float) -> None:
    """Work under a watchdog, and end with both of them finished."""
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch(timeout))
        await work(seconds)
        watching.cancel()


async def main() -> None:
    """Let the work end first, then the watch, then let both be cancelled."""
    print("the work ends first")
    await both(seconds=1, timeout=5)
    print("the watchdog fails first")
    try:
        await both(seconds=10, timeout=5)
    except* RuntimeError as group:
        print("  raised:", *group.exceptions)
    print("both are cancelled from outside")
    task = asyncio.create_task(both(seconds=10, timeout=5))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait({task})
    print("  cancelled:", task.cancelled())


simulation.run(main())
