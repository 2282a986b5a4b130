"""A machine sleeps for an hour: a deadline by the clock, and one that counts ticks."""

import asyncio
from typing import Any

from lab import simulation

MINUTE = 60  # seconds, or ticks


async def by_the_clock() -> str:
    """Wait for a minute by the clock of the loop."""
    try:
        async with asyncio.timeout(MINUTE):
            await asyncio.Event().wait()
    except TimeoutError:
        pass
    return "by the clock"


async def in_ticks() -> str:
    """Wait for sixty seconds in which this program was awake."""
    for _ in range(MINUTE):
        await asyncio.sleep(1)
    return "in ticks"


async def main() -> None:
    """Start both, let the machine sleep, and print when each of them is done."""
    loop: Any = asyncio.get_running_loop()  # the simulation's
    waiting = [asyncio.create_task(wait()) for wait in (by_the_clock, in_ticks)]
    begin = loop.time()
    await asyncio.sleep(10.5)
    loop.stand_still(60 * MINUTE)
    woken = loop.time()
    for done in asyncio.as_completed(waiting):
        name = await done
        print(
            f"{name:13} over {loop.time() - woken:4.1f} s after the machine woke up, "
            f"awake for {loop.time() - begin - 60 * MINUTE:.1f} s"
        )


simulation.run(main())
