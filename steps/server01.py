"""The server starts, waits and stops.

New: a coroutine, a task, and asyncio.run, which cancels what is left at the end.
Still wrong: no client can connect yet.
"""

import asyncio

TICK = 1.0  # seconds between two lines: often enough to show that it is alive


async def main() -> None:
    """Start the clock in its own task, then wait as long as it runs."""
    ticking = asyncio.create_task(tick())
    print("The server has started; Ctrl-C stops it.", flush=True)
    await ticking


async def tick() -> None:
    """Show that something can happen while main waits."""
    ticks = 0
    try:
        while True:
            await asyncio.sleep(TICK)
            ticks += 1
            print(f"tick {ticks}", flush=True)
    finally:
        # Ctrl-C arrives here as a CancelledError, raised by the await above.
        print(f"The server has stopped after {ticks} ticks.", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run cancelled main and waited for it: nothing is left to do
