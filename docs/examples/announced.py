"""Clients that announce 16 MiB, send 15 and stop; and what the server keeps of that.

A simulation: the memory is that which the server's StreamReaders keep, as Python counts
it. A client's buffers are not in it, nor are the system's.
"""

import asyncio
import tracemalloc
from asyncio import streams

from lab import simulation, start
from lab.wire import HEADER, LARGEST

MIB = 2**20
PIECE = bytes(64 * 1024)


def kept() -> float:
    """Return how many MiB the StreamReaders of this process keep."""
    taken = tracemalloc.take_snapshot()
    ours = taken.filter_traces([tracemalloc.Filter(True, streams.__file__)])
    return sum(entry.size for entry in ours.statistics("filename")) / MIB


async def main() -> None:
    """Let one client after the other come, and look after each."""
    async with await start("06") as server:
        for number in range(1, 6):
            caller = await server.call()
            await caller.send(LARGEST.to_bytes(HEADER, "little"))
            for _ in range(15 * MIB // len(PIECE)):
                await caller.send(PIECE)
            await asyncio.sleep(60)
            print(f"{number} clients, a minute later: {kept():5.1f} MiB")


tracemalloc.start()
simulation.run(main())
