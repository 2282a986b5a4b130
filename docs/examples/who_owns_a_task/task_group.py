"""A TaskGroup waits for all its tasks; if one fails, it cancels the others."""

import asyncio


async def work(name: str) -> None:
    """Wait for something that never happens; say so when that is cut short."""
    try:
        await asyncio.Event().wait()
    finally:
        print(f"{name} was cancelled")


async def fail() -> None:
    """Fail immediately."""
    raise ConnectionError("the server is gone")


async def main() -> None:
    """Start three tasks, of which one fails."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work("first"))
            tasks.create_task(work("second"))
            tasks.create_task(fail())
            # -- waits here until all three have ended --
    except* ConnectionError as group:
        print("the group raises", group.exceptions)


asyncio.run(main())
