"""Counts deliveries: the clock stops when the last listener has every message.

The two steps take turns, and the best of several rounds counts.
"""

import asyncio
import time

from docs.examples.s09_one_write_per_turn.profile_08 import CHAT, entered, read
from lab.host import start_process
from lab.wire import encode

LISTENERS = 50
LOADS = {"all at once": (500, 1), "one at a time": (1, 150)}  # messages; how often
STEPS = ("05", "09")
ROUNDS = 3


def speed(port: int, at_once: int, times: int) -> float:
    """Return how many deliveries per second the listeners count."""
    listening = [entered(port, f"listener {number}") for number in range(LISTENERS)]
    talker = entered(port, "talker")
    for listener in listening:
        read(listener, b'"talker"}')  # has joined
    begin = time.perf_counter()
    for _ in range(times):
        talker.sendall(encode(CHAT) * at_once)
        for listener in listening:
            read(listener, b'"talker"}', at_once)
    seconds = time.perf_counter() - begin
    for client in [talker, *listening]:
        client.close()
    return at_once * times * LISTENERS / seconds


async def measured(step: str) -> list[float]:
    """Return the speed of a step under each load."""
    async with await start_process(step) as server:
        port = server.address[1]
        return [await asyncio.to_thread(speed, port, *load) for load in LOADS.values()]


async def main() -> None:
    """Measure both steps under both loads, in turn, and print the best figures."""
    rounds = [[await measured(step) for step in STEPS] for _ in range(ROUNDS)]
    print(f"{'deliveries per second':22}" + "".join(f"{load:>16}" for load in LOADS))
    best = []
    for step, found in zip(STEPS, zip(*rounds, strict=True), strict=True):
        best.append([max(column) for column in zip(*found, strict=True)])
        shown = "".join(f"{float(f'{figure:.2g}'):16,.0f}" for figure in best[-1])
        print(f"step {step:17}{shown}")
    burst, single = (later / first for first, later in zip(*best, strict=True))
    assert burst > 2 * single, f"both loads agree: {burst:.1f} and {single:.1f} times"


asyncio.run(main())
