"""Wrong on purpose: One task blocks, so all the others wait too."""

import asyncio
import time


async def tick() -> None:
    """Print a sign of life every tenth of a second."""
    while True:
        print("tick")
        await asyncio.sleep(0.1)


async def main() -> None:
    """Wait for half a second: first as asyncio does, then as plain Python does."""
    ticking = asyncio.create_task(tick())
    print("await asyncio.sleep(0.45)")
    await asyncio.sleep(0.45)
    print("time.sleep(0.45)")
    time.sleep(0.45)  # noqa: ASYNC251  # the mistake that is shown
    print("done")
    ticking.cancel()


asyncio.run(main())
