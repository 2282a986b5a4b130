"""Mallory sends to step 10 faster than Bob reads, and Bob reads all the time."""

import asyncio

from lab import Client, Connection, simulation, start
from lab.wire import encode

READS, TALKS = 2_000_000, 4_000_000  # bytes a second
TEXT = "x" * 30_000  # the text of one message
MESSAGES = 200


async def main(step: str) -> None:
    """Let Mallory talk, and print what happens to Bob."""
    loop = asyncio.get_running_loop()
    async with await start(step) as server:
        mallory = await server.connect("mallory")
        await mallory.join("tea")
        bob = await server.call()
        await bob.send(encode({"action": "connect", "username": "bob"}))
        await bob.send(encode({"action": "joinroom", "room": "tea"}))
        await mallory.hear("joinroom")
        begin = loop.time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(talk(mallory))
            size = await read(bob)
            complete = size >= MESSAGES * len(TEXT)
            end = "has all of it" if complete else "was disconnected"
            when = f"after {loop.time() - begin:.1f} s"
            print(f"Bob read {size / 1e6:.1f} MB and {end} {when}.")


async def talk(client: Client) -> None:
    """Send everything, twice as fast as Bob reads."""
    begin = asyncio.get_running_loop().time()
    for _ in range(MESSAGES):
        await client.say("tea", TEXT)
        await asyncio.sleep(len(TEXT) / TALKS)
    seconds = asyncio.get_running_loop().time() - begin
    size = MESSAGES * len(TEXT) / 1e6
    print(f"Mallory sent {size:.1f} MB in {seconds:.1f} s and is still connected.")


async def read(connection: Connection) -> int:
    """Read at Bob's pace until all of it arrived, and return the number of bytes."""
    size = 0
    while size < MESSAGES * len(TEXT) and (data := await connection.receive()):
        size += len(data)
        await asyncio.sleep(len(data) / READS)
    return size


def played(step: str) -> None:
    """Let it happen in a simulation."""
    simulation.run(main(step))


if __name__ == "__main__":
    played("10")
