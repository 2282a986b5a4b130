"""How long messages take in quiet rooms, beside a room with a flood.

Run it as ``python -m docs.examples.s11_floods.beside_a_flood 10``; without a number, it
runs step 11.
"""

import asyncio
import statistics
import sys
import time

from lab import Client, Connection
from lab.host import Process, start_process
from lab.unmet import Unmet
from lab.wire import encode

TALKERS = 14  # in their own room
PAIRS = 3  # in quiet rooms; with the talkers, as many as an address may have in step 12
AT_ONCE = 50  # messages, as often as the connection takes them
WORDS = 17  # messages of each pair, timed twice: Alice's tokens last for all of them
PACE = 0.06  # seconds between two messages
JOIN = encode({"action": "joinroom", "room": "market"})
CHAT = encode({"action": "chat", "room": "market", "message": "Fresh fish!"})


async def talks(server: Process, number: int) -> None:
    """Talk in the market as fast as possible, and read the messages there.

    A talker that does not read as fast as the others talk is disconnected, and comes
    back at once: otherwise the flood would soon be over.
    """
    name = {"action": "connect", "username": f"talker {number}"}
    while True:
        connection = await server.call()
        reading = asyncio.create_task(reads(connection))
        try:
            await connection.send(encode(name) + JOIN)
            while not reading.done():
                await connection.send(CHAT * AT_ONCE)
        except Unmet:
            pass  # disconnected
        finally:
            reading.cancel()
            connection.reset()  # do not wait for data on its way


async def reads(connection: Connection) -> None:
    """Read everything, and ignore it."""
    while await connection.receive(2**18):
        pass


async def waits(alice: Client, bob: Client) -> list[float]:
    """Return how many milliseconds each of Alice's messages took to reach Bob."""
    late = []
    for number in range(WORDS):
        begin = time.perf_counter()
        await alice.say(alice.name, f"{number}")
        await bob.hear("chat")
        late.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(PACE)
    return late


async def all_wait(pairs: list[tuple[Client, Client]]) -> list[float]:
    """Let all pairs talk at the same time, each in its own room."""
    found = await asyncio.gather(*(waits(*pair) for pair in pairs))
    return [late for each in found for late in each]


async def main(step: str = "11") -> None:
    """Time the pairs alone, and then beside the flood."""
    async with await start_process(step) as server:
        pairs = [
            (await server.connect(f"alice {n}"), await server.connect(f"bob {n}"))
            for n in range(PAIRS)
        ]
        for alice, bob in pairs:
            await alice.join(alice.name)
            await bob.join(alice.name)
        alone = shown("alone", await all_wait(pairs))
        flood = [asyncio.create_task(talks(server, n)) for n in range(TALKERS)]
        try:
            await asyncio.sleep(1)
            beside = shown("beside the flood", await all_wait(pairs))
            assert step != "10" or beside > alone, "step 10: the flood delayed nothing"
        finally:
            for task in flood:
                task.cancel()
            await asyncio.wait(flood)


def shown(where: str, late: list[float]) -> float:
    """Print the median and the p99, and return the median."""
    late = sorted(late)
    half, most = statistics.median(late), late[len(late) * 99 // 100 - 1]
    print(f"{where}: median {half:.1f} ms, p99 {most:.1f} ms")
    return half


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
