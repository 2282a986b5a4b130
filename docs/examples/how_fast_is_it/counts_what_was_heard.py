"""Counts what was heard: the clock stops when the last listener has all of it."""

import asyncio
import time

from docs.examples.s09_one_write_per_turn.profile_08 import CHAT, entered, read
from lab.host import start_process
from lab.wire import encode

LISTENERS = 50
MESSAGES = 1000
LOADS = {"all at once": MESSAGES, "one at a time": 1}  # messages said in one go


def speed(port: int, at_once: int) -> float:
    """Return how many messages a second reach somebody."""
    listening = [entered(port, f"listener {number}") for number in range(LISTENERS)]
    talker = entered(port, "talker")
    for listener in listening:
        read(listener, b'"talker"}')  # has joined
    begin = time.perf_counter()
    for _ in range(MESSAGES // at_once):
        talker.sendall(encode(CHAT) * at_once)
        for listener in listening:
            read(listener, b'"talker"}', at_once)
    seconds = time.perf_counter() - begin
    for client in [talker, *listening]:
        client.close()
    return MESSAGES * LISTENERS / seconds


async def main() -> None:
    """Measure two steps, under both loads."""
    print(f"{'deliveries a second':20}" + "".join(f"{load:>16}" for load in LOADS))
    for step in ("05", "09"):
        shown = ""
        async with await start_process(step) as server:
            for at_once in LOADS.values():
                found = await asyncio.to_thread(speed, server.address[1], at_once)
                shown += f"{float(f'{found:.2g}'):16,.0f}"
        print(f"step {step:15}{shown}")


asyncio.run(main())
