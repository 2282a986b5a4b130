"""Wrong on purpose: gives ten seconds for each byte, and so days for a frame."""

import asyncio
from asyncio import StreamReader

from lab import simulation

TIMEOUT = 10.0  # seconds
PAUSE = 5.0  # seconds from one byte to the next
HOUR = 3600.0  # seconds


async def read_frame(reader: StreamReader, size: int) -> bytes:
    """Read a frame, and wait for ten seconds at most until more of it comes."""
    frame = b""
    while len(frame) < size:
        async with asyncio.timeout(TIMEOUT):
            frame += await reader.read(size - len(frame))
    return frame


async def main() -> None:
    """Let a client send a byte now and then, and see how long it is waited for."""
    reader = StreamReader()
    reading = asyncio.create_task(read_frame(reader, size=2**16))
    for sent in range(int(HOUR / PAUSE)):
        if reading.done():
            print(f"given up after {sent * PAUSE:.0f} s")
            break
        reader.feed_data(b"x")
        await asyncio.sleep(PAUSE)
    else:
        print(f"an hour later {sent + 1} bytes of 65,536 have come; it still waits")
    reading.cancel()


simulation.run(main())
