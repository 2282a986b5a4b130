"""When main returns, asyncio.run cancels the tasks that still run."""

import asyncio


async def wait_without_end() -> None:
    """Wait; and say so when the waiting is cut short."""
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled, and cleaned up")


async def main() -> None:
    """Start a task and return without waiting for it."""
    waiting = asyncio.create_task(wait_without_end())
    await asyncio.sleep(0)  # give it its first turn
    print("main returns; is the other task done?", waiting.done())


asyncio.run(main())
print("asyncio.run has returned")
