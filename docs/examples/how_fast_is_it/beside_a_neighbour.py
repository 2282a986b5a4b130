"""Measures step 09 on a machine that has nothing else to do, and on one that has.

Of several turns, the best one counts: in the others, more neighbours were there.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench import metrics, runs
from bench.cases import Load
from bench.job import Closed
from bench.peers import peer
from bench.peers.peer import SERVER_CPU
from bench.process import CPUS, PINNED, on_cpu

LOAD = Load(50, (Closed("busy", publishers=1, in_flight=32, seconds=0.2),))
ROUNDS = 2
NEIGHBOURS = 3  # one alone hardly shows on a machine that is busy already


@contextmanager
def neighbours() -> Iterator[None]:
    """Keep the core of the server busy in the block; all cores, where it has none."""
    with on_cpu(SERVER_CPU):
        others = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(NEIGHBOURS * (1 if PINNED else CPUS))
        ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


async def main() -> None:
    """Take turns: alone, and beside programs that compute and compute."""
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(await runs.run(peer("09"), LOAD))
        with neighbours():
            beside.append(await runs.run(peer("09"), LOAD))
    print(f"{'':16}{'deliveries a second':>22}{'µs of the processor for each':>32}")
    for name, answers in {"alone": alone, "with neighbours": beside}.items():
        speed = max(map(metrics.speed("busy"), answers))
        cost = min(map(metrics.cpu("busy"), answers))
        print(f"{name:16}{float(f'{speed:.2g}'):22,.0f}{cost:32.2f}")


asyncio.run(main())
