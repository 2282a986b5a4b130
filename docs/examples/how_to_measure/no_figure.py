"""Gives the benchmark step 09, and then a copy of it that loses messages.

The copy discards a message if 2000 bytes are in the outbox already.
"""

import asyncio
from dataclasses import replace

from bench import report, runs
from bench.cases import Load
from bench.job import Closed
from bench.peers import peer
from lab.mistakes.planted import planted

LOAD = Load(20, (Closed("busy", publishers=1, in_flight=32, seconds=0.2),))


async def main() -> None:
    """Measure both and print the verdict of the benchmark."""
    copy = planted(
        "09",
        "send_to(ROOMS[room] - {self}, relay)",
        "OUTBOX.size > 2000 or send_to(ROOMS[room] - {self}, relay)",
    )
    lossy = replace(peer(str(copy.path)), name="the copy")
    for one in (peer("09"), lossy):
        answer = await runs.run(one, LOAD)
        print(report.line(runs.Run("busy", one.name, 0, LOAD, answer)))


asyncio.run(main())
