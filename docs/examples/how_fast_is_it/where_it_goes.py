"""Shows where step 09 spends its time under three loads, and how often it sends."""

import asyncio
import cProfile
import pstats
from asyncio.subprocess import Process
from collections import Counter
from typing import Any

from docs.examples.s09_one_write_per_turn.profile_08 import PLACES, rounded
from docs.examples.server09_protocol_below_the_streams.streams_or_not import (
    LISTENERS,
    LOADS,
    lets,
    started,
)
from lab import start

SEND = "<method 'send' of '_socket"


async def profiled(
    clients: Process, step: str, load: tuple[int, int, int]
) -> pstats.Stats:
    """Return what a step does while clients talk, which are another process."""
    async with await start(step) as server:
        await lets(clients, server.address[1], *load)  # all are in the room
        with cProfile.Profile() as profile:
            await lets(clients)  # all have heard everything
        await lets(clients)  # all have hung up
    return pstats.Stats(profile)


def column(stats: Any, deliveries: int) -> list[str]:
    """Return the shares of the time, and the sends and calls for a delivery."""
    times: Counter[str] = Counter()
    sends = calls = 0
    for (file, _, function), (_, number, own, _, _) in stats.stats.items():
        name = function if file == "~" else file.replace("\\", "/")
        sends += number if name.startswith(SEND) else 0
        if "select." not in name:  # there it waits for something to do
            calls += number
            times[next((PLACES[p] for p in PLACES if p in name), "all else")] += own
    rows = [*dict.fromkeys(PLACES.values()), "all else"]
    shares = [rounded(100 * times[row] / times.total()) for row in rows]
    return [*shares, f"{sends / deliveries:.2f}", f"{calls / deliveries:.1f}"]


async def main() -> None:
    """Profile each load, and print a column for each."""
    columns = []
    clients = await started()
    for load in LOADS.values():
        talkers, each, times = load
        stats = await profiled(clients, "09", load)
        heard_by = LISTENERS + talkers - 1
        columns.append(column(stats, talkers * each * times * heard_by))
    await clients.communicate(b"")  # no more lines: they end
    names = ("quiet", "busy", "crowd")
    print(f"{'':26}" + "".join(f"{name:>14}" for name in names))
    heads = [*dict.fromkeys(PLACES.values()), "all else"]
    for head, *cells in zip(
        [*heads, "sends per delivery", "calls per delivery"], *columns, strict=True
    ):
        print(f"{head:26}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    asyncio.run(main())
