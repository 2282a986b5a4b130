"""When main returns, asyncio.run cancels the tasks that are still there."""

import asyncio


async def wait_for_ever() -> None:
    """Wait; and say so when the waiting is cut short."""
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled, and tidied up")


async def main() -> None:
    """Start a task and return without waiting for it."""
    waiting = asyncio.create_task(wait_for_ever())
    await asyncio.sleep(0)  # give it the turn in which it begins
    print("main returns; is the other task done?", waiting.done())


asyncio.run(main())
print("asyncio.run has returned")
