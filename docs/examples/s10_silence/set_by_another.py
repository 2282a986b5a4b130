"""A deadline that another task sets, and a cancellation from outside."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from lab import simulation


async def messages() -> AsyncGenerator[str, None]:
    """Wait for a message that never comes, and print how the wait ends."""
    try:
        await asyncio.Event().wait()
        yield "never"
    except asyncio.CancelledError:
        print("  in the generator: CancelledError, raised again")
        raise


async def serve_client(reading: asyncio.Timeout) -> None:
    """Read until the messages end or the deadline passes."""
    try:
        async with reading, aclosing(messages()) as incoming:
            async for message in incoming:
                print(message)
    except TimeoutError:
        print("  around the block: TimeoutError")
    except asyncio.CancelledError:
        print("  around the block: CancelledError, raised again")
        raise


async def main() -> None:
    """End the reading in two ways."""
    for what in ("reschedule", "cancel"):
        print(what)
        reading = asyncio.timeout(None)  # no deadline yet
        task = asyncio.create_task(serve_client(reading))
        await asyncio.sleep(1)
        if what == "reschedule":
            reading.reschedule(0)  # long ago, on the clock of the loop: so at once
        else:
            task.cancel()
        await asyncio.wait({task})
        print("  the task was cancelled:", task.cancelled())


simulation.run(main())
