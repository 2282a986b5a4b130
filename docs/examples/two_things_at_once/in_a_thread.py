"""A blocking call in a thread: the event loop goes on."""

import asyncio
import time


async def tick() -> None:
    """Print a sign of life every tenth of a second."""
    while True:
        print("tick")
        await asyncio.sleep(0.1)


async def main() -> None:
    """Let a thread block for half a second, and wait for its end."""
    ticking = asyncio.create_task(tick())
    print("await asyncio.to_thread(time.sleep, 0.45)")
    await asyncio.to_thread(time.sleep, 0.45)
    print("done")
    ticking.cancel()


asyncio.run(main())
