"""Lets clients announce 16 MiB, send 15 and stop, and counts the server's memory.

This is a simulation. It counts the memory of asyncio's StreamReaders, as Python
reports it, and not the buffers of the clients and the kernel.
"""

import asyncio
import tracemalloc
from asyncio import streams

from lab import simulation, start
from lab.wire import HEADER, LARGEST

MIB = 2**20
PIECE = bytes(64 * 1024)
HOUR = 60 * 60  # seconds


def kept() -> float:
    """Return how many MiB the StreamReaders of this process take."""
    taken = tracemalloc.take_snapshot()
    ours = taken.filter_traces([tracemalloc.Filter(True, streams.__file__)])
    return sum(entry.size for entry in ours.statistics("filename")) / MIB


async def main(step: str) -> None:
    """Let one client after the other connect, and look an hour after each."""
    async with await start(step) as server:
        for number in range(1, 4):
            caller = await server.call()
            await caller.send(LARGEST.to_bytes(HEADER, "little"))
            for _ in range(15 * MIB // len(PIECE)):
                await caller.send(PIECE)
            await asyncio.sleep(HOUR)
            print(f"client {number}, an hour later: {kept():5.1f} MiB buffered")


def show(step: str) -> None:
    """Let them connect to a step."""
    tracemalloc.start()
    simulation.run(main(step))


if __name__ == "__main__":
    show("07")
