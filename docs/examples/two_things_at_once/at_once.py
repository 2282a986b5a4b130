"""Waiting one after the other, and waiting at once."""

import asyncio
import time


async def nap(seconds: float) -> None:
    """Wait, as one waits for a network."""
    await asyncio.sleep(seconds)


async def main() -> None:
    """Nap twice, in both ways, and measure."""
    start = time.perf_counter()
    await nap(0.5)
    await nap(0.5)
    print(f"one after the other: {time.perf_counter() - start:.1f} s")

    start = time.perf_counter()
    first = asyncio.create_task(nap(0.5))
    second = asyncio.create_task(nap(0.5))
    await first
    await second
    print(f"at once: {time.perf_counter() - start:.1f} s")


asyncio.run(main())
