"""Wrong on purpose: it stops the clock when the last message has been sent."""

import asyncio
import time

from docs.examples.s09_one_write_per_turn.profile_08 import CHAT, entered
from lab.host import start_process
from lab.wire import encode

LISTENERS = 50
MESSAGES = 1000


def speed(port: int) -> float:
    """Return how many messages per second we can send to a room."""
    listening = [entered(port, f"listener {number}") for number in range(LISTENERS)]
    talker = entered(port, "talker")
    begin = time.perf_counter()
    for _ in range(MESSAGES):
        talker.sendall(encode(CHAT))
    seconds = time.perf_counter() - begin
    for client in [talker, *listening]:
        client.close()
    return MESSAGES / seconds


async def main() -> None:
    """Measure two steps."""
    for step in ("05", "09"):
        async with await start_process(step) as server:
            found = await asyncio.to_thread(speed, server.address[1])
        print(f"step {step}: {float(f'{found:.2g}'):,.0f} messages per second")


asyncio.run(main())
