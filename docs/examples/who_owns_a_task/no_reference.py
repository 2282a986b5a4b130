"""Wrong on purpose: A task that nothing refers to is destroyed before it is done."""

import asyncio
import gc


async def wait_for_a_friend() -> None:
    """Wait for something that only this task knows of."""
    await asyncio.get_running_loop().create_future()


async def main() -> None:
    """Start a task, keep no reference to it, and let Python clean up."""
    asyncio.create_task(wait_for_a_friend())  # noqa: RUF006  # the mistake that is shown
    await asyncio.sleep(0)
    gc.collect()
    print("main goes on")


asyncio.run(main())
