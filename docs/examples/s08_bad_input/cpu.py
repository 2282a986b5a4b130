"""Measures the CPU time of one delivery in step 08, which runs in its own process.

os.times counts the time of a child process only after its end, so we ask afterwards.
"""

import asyncio
import os

from lab import Connection
from lab.host import Process, start_process
from lab.wire import Decoder, encode

MEMBERS = 50
MESSAGES = 32  # sent at once, before any of them has arrived
TIMES = 30
SAID = encode({"action": "chat", "room": "tea", "message": "More tea?"}) * MESSAGES


async def play(times: int) -> list[float]:
    """Talk in a room, and return the seconds that program and kernel took."""
    before = os.times()
    async with await start_process("08") as server:
        members = [await member(server, f"client {n}") for n in range(MEMBERS)]
        decoders = {connection: Decoder() for connection in members[1:]}
        for _ in range(times):
            await members[0].send(SAID)
            for connection, decoder in decoders.items():
                await hear(connection, decoder, "chat", MESSAGES)
    after = os.times()
    return [
        after.children_user - before.children_user,
        after.children_system - before.children_system,
    ]


async def member(server: Process, name: str) -> Connection:
    """Connect, join the room, and wait until that is done."""
    connection = await server.call()
    await connection.send(encode({"action": "connect", "username": name}))
    await connection.send(encode({"action": "joinroom", "room": "tea"}))
    await hear(connection, Decoder(), "joinroom", 1)
    return connection


async def hear(connection: Connection, decoder: Decoder, action: str, n: int) -> None:
    """Read until n messages with this action have come."""
    while n > 0:
        messages = decoder.feed(await connection.receive())
        n -= sum(message["action"] == action for message in messages)


async def main() -> None:
    """Run it with messages and without: the difference is their cost."""
    idle, busy = await play(0), await play(TIMES)
    deliveries = TIMES * MESSAGES * (MEMBERS - 1)
    cost = [(b - a) / deliveries * 1e6 for a, b in zip(idle, busy, strict=True)]
    print(f"{deliveries:,} deliveries, {sum(cost):.1f} µs of CPU time each:")
    print(f"{cost[0]:.1f} µs in the program, {cost[1]:.1f} µs in the kernel")
    assert cost[1] > cost[0], "the program takes more than the kernel"


asyncio.run(main())
