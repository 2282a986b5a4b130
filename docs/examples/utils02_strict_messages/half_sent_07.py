"""Clients that announce 16 MiB, send 15 and stop; and what the server keeps of that.

A simulation: what is counted is the memory that asyncio's StreamReaders take, by
Python's own account. What the clients and the systems keep is not in it.
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
    """Let one client after the other come, and look an hour after each."""
    async with await start(step) as server:
        for number in range(1, 4):
            caller = await server.call()
            await caller.send(LARGEST.to_bytes(HEADER, "little"))
            for _ in range(15 * MIB // len(PIECE)):
                await caller.send(PIECE)
            await asyncio.sleep(HOUR)
            print(f"{number} so far, and an hour later: {kept():4.1f} MiB are kept")


def show(step: str) -> None:
    """Let them call a step."""
    tracemalloc.start()
    simulation.run(main(step))


if __name__ == "__main__":
    show("07")
