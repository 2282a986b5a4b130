"""Draws the write buffers of a slow client and of a stuck one in step 10."""

import asyncio

from lab import Connection, Unsent, simulation, start
from lab.host import Running
from lab.wire import encode

SLOWLY = 32_768  # bytes a second


async def main() -> None:
    """Send 700 kB to both, and look at their buffers for half a minute."""
    async with await start("10") as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        slow, stuck = await joins(server, "slow"), await joins(server, "stuck")
        await asyncio.sleep(1)
        with Unsent.of(slow=slow, stuck=stuck) as unsent:
            for _ in range(24):
                await alice.say("tea", "x" * 30_000)
            for _ in range(30):
                await slow.receive(SLOWLY)
                await asyncio.sleep(1)
                await alice.say("tea", "go on")
        print(unsent.svg())


async def joins(server: Running, name: str) -> Connection:
    """Return a connection that is in the room and reads only when told to."""
    connection = await server.call()
    await connection.send(encode({"action": "connect", "username": name}))
    await connection.send(encode({"action": "joinroom", "room": "tea"}))
    return connection


simulation.run(main())
