"""Wrong on purpose: It allows ten seconds per byte, which makes days per frame."""

import asyncio
from asyncio import StreamReader

from lab import simulation

TIMEOUT = 10.0  # seconds
PAUSE = 5.0  # seconds between two bytes
HOUR = 3600.0  # seconds


async def read_frame(reader: StreamReader, size: int) -> bytes:
    """Read a frame, and wait at most ten seconds for the next part of it."""
    frame = b""
    while len(frame) < size:
        async with asyncio.timeout(TIMEOUT):
            frame += await reader.read(size - len(frame))
    return frame


async def main() -> None:
    """Let a client send a byte now and then, and see how long the server waits."""
    reader = StreamReader()
    reading = asyncio.create_task(read_frame(reader, size=2**16))
    for sent in range(int(HOUR / PAUSE)):
        if reading.done():
            print(f"the server gave up after {sent * PAUSE:.0f} s")
            break
        reader.feed_data(b"x")
        await asyncio.sleep(PAUSE)
    else:
        arrived = f"{sent + 1} of 65,536 bytes have arrived"
        print(f"after an hour, {arrived}, and the server still waits")
    reading.cancel()


simulation.run(main())
