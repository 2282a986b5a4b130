"""Profiles steps 08 and 09 at the same work, and measures their CPU time."""

import asyncio
import time
from typing import Self

from docs.examples.s09_one_write_per_turn.profile_08 import (
    profiled,
    rounded,
    table,
    work,
)


class Stopwatch:
    """Measures the CPU time that this process uses in its block, in seconds."""

    def __enter__(self) -> Self:
        self.begin = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self.begin


async def cpu(step: str) -> float:
    """Return how many seconds of CPU time a step uses without a profiler."""
    stopwatch = Stopwatch()
    await work(step, stopwatch)
    return stopwatch.seconds


def main() -> None:
    """Profile both, and then measure both without the profiler."""
    steps = "08", "09"
    print(table({f"step {step}": asyncio.run(profiled(step)) for step in steps}))
    before, after = (asyncio.run(cpu(step)) for step in steps)
    print(f"\n{'CPU time':18}{'100 %':>10}{rounded(100 * after / before):>10}")
    assert after < before / 2, f"step 09 needs {after / before:.0%} of the CPU time"


if __name__ == "__main__":
    main()
