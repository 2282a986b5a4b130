"""Where step 09 spends its time under three loads, and how often it sends."""

import asyncio
import cProfile
import pstats
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from typing import Any

from docs.examples.profile08 import PLACES, rounded
from docs.examples.streams_or_not import LISTENERS, LOADS
from lab import start
from lab.story import ROOT

SEND = "<method 'send' of '_socket"


async def profiled(step: str, talkers: int, each: int, times: int) -> pstats.Stats:
    """Return what a step does while clients talk, who are another process."""
    async with await start(step) as server:
        words = [sys.executable, "-m", "docs.examples.streams_or_not"]
        numbers = [str(n) for n in (server.address[1], talkers, each, times)]
        clients: Any = await asyncio.create_subprocess_exec(
            *words, *numbers, stdin=PIPE, stdout=PIPE, cwd=ROOT
        )
        await clients.stdout.readline()
        with cProfile.Profile() as profile:
            clients.stdin.write(b"begin\n")
            await clients.stdout.readline()
        await clients.communicate(b"end\n")
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


def main() -> None:
    """Profile each load, and print a column for each."""
    columns = []
    for talkers, each, times in LOADS.values():
        stats = asyncio.run(profiled("09", talkers, each, times))
        heard_by = LISTENERS + talkers - 1
        columns.append(column(stats, talkers * each * times * heard_by))
    names = ("one", "32 from one", "16 from 16")
    print(f"{'':26}" + "".join(f"{name:>14}" for name in names))
    heads = [*dict.fromkeys(PLACES.values()), "all else"]
    for head, *cells in zip(
        [*heads, "sends for a delivery", "calls for a delivery"], *columns, strict=True
    ):
        print(f"{head:26}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    main()
