"""Measures the same server with two clients: one waits for it, one has a schedule.

The server answers within a millisecond, but once it pauses for a second.
"""

import asyncio
import math
from asyncio import StreamReader, StreamWriter

from lab import simulation

ANSWER, STANDSTILL = 0.001, 1.0  # seconds
EVERY = 0.01  # seconds between two questions
QUESTIONS = 1000


async def serve_client(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer each line; before one of the answers, pause for a second."""
    answered = 0
    async for line in reader:
        answered += 1
        await asyncio.sleep(STANDSTILL if answered == QUESTIONS // 2 else ANSWER)
        writer.write(line)
    writer.close()


async def waits_for_the_answer(
    reader: StreamReader, writer: StreamWriter
) -> list[float]:
    """Ask, wait for the answer, wait until the next question is due, and so on."""
    now = asyncio.get_running_loop().time
    delays = []
    for _ in range(QUESTIONS):
        begin = now()
        writer.write(b"?\n")
        await reader.readline()
        delays.append(now() - begin)
        await asyncio.sleep(max(0, begin + EVERY - now()))
    return delays


async def keeps_to_a_schedule(
    reader: StreamReader, writer: StreamWriter
) -> list[float]:
    """Ask whenever a question is due, and count from the moment when it was due."""
    loop = asyncio.get_running_loop()
    begin, delays = loop.time(), []
    for number in range(QUESTIONS):
        loop.call_at(begin + number * EVERY, writer.write, b"?\n")
    for number in range(QUESTIONS):
        await reader.readline()
        delays.append(loop.time() - (begin + number * EVERY))
    return delays


async def main() -> None:
    """Measure in both ways and print the latencies."""
    print(f"{'milliseconds':22}{'p50':>8}{'p99':>8}{'p99.9':>8}{'worst':>8}")
    for way in (waits_for_the_answer, keeps_to_a_schedule):
        async with await asyncio.start_server(serve_client, "127.0.0.1", 9011):
            reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
            delays = sorted(await way(reader, writer))
            writer.write_eof()
            await reader.read()  # until the server has closed
            writer.close()
        places = [math.ceil(part * QUESTIONS) - 1 for part in (0.5, 0.99, 0.999, 1)]
        shown = "".join(f"{delays[place] * 1000:8.0f}" for place in places)
        print(f"{way.__name__.replace('_', ' '):22}{shown}")


simulation.run(main())
