"""Wrong on purpose: A task fails, and its owner never looks at the result."""

import asyncio


async def fail() -> None:
    """Fail immediately."""
    raise ConnectionError("the server is gone")


async def main() -> None:
    """Start a task that fails, and learn of it late."""
    failing = asyncio.create_task(fail())
    await asyncio.sleep(0.1)
    print("the task is done:", failing.done())
    del failing  # the last reference to it
    print("main goes on")


asyncio.run(main())
