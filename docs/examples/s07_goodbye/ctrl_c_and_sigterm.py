"""What Ctrl-C does to a program in asyncio, and what SIGTERM does."""

import asyncio
from typing import Literal

from lab import simulation


async def main() -> None:
    """Start another task, wait without end, and take a second to clean up."""
    other = asyncio.create_task(work())
    try:
        await asyncio.Event().wait()
    finally:
        print("  main cleans up")
        await asyncio.sleep(1)
        state = "done" if other.done() else "still waiting"
        print(f"  main is done; the other task is {state}")


async def work() -> None:
    """Wait without end, and clean up."""
    try:
        await asyncio.Event().wait()
    finally:
        print("  the other task cleans up")


def run(signal: Literal["interrupt", "terminate"]) -> None:
    """Run main in a simulation, and send a signal after five seconds."""
    loop = simulation.Loop()
    loop.call_at(5, getattr(loop, signal))
    with simulation.simulated(loop):
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print(f"  KeyboardInterrupt at {loop.time():g} s")
        except SystemExit as end:
            print(f"  the process ends at {loop.time():g} s, status {end.code}")


print("Ctrl-C at 5 s:")
run("interrupt")
print("SIGTERM at 5 s:")
run("terminate")
