"""Two tasks that live and die together: one works, one watches it."""

import asyncio

from lab import simulation


async def work(seconds: float) -> None:
    """Work for so long."""
    try:
        await asyncio.sleep(seconds)
        print("  work: all done")
    finally:
        print("  work: tidied up")


async def watch(timeout: float) -> None:
    """Wait for so long, then fail."""
    try:
        await asyncio.sleep(timeout)
        raise RuntimeError("that takes too long")
    finally:
        print("  watch: tidied up")


async def both(seconds: float, timeout: float) -> None:
    """Work, and be watched; who has finished ends the other."""
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch(timeout))
        await work(seconds)
        watching.cancel()


async def main() -> None:
    """Let the work end first, then the watch, then let both be cancelled."""
    print("work ends first")
    await both(seconds=1, timeout=5)
    print("watch fails first")
    try:
        await both(seconds=10, timeout=5)
    except* RuntimeError as group:
        print("  raised:", *group.exceptions)
    print("somebody cancels both")
    task = asyncio.create_task(both(seconds=10, timeout=5))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait({task})
    print("  cancelled:", task.cancelled())


simulation.run(main())
