"""Two naps, one after the other and then at the same time."""

import asyncio
import time


async def nap() -> None:
    """Wait for half a second, as a server waits for the network."""
    await asyncio.sleep(0.5)


async def main() -> None:
    """Nap twice in both ways, and measure."""
    start = time.perf_counter()
    await nap()
    await nap()
    one_by_one = time.perf_counter() - start
    print(f"one after the other: {one_by_one:.1f} s")

    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(nap())
        tasks.create_task(nap())
        # -- waits here until both have ended --
    together = time.perf_counter() - start
    print(f"at the same time: {together:.1f} s")
    assert together < one_by_one, "two naps in tasks took as long as two in a row"


asyncio.run(main())
