"""Several clients send long messages to step 11, as fast as they may."""

import asyncio

from docs.examples.s10_silence.too_fast import READS, TEXT
from lab import Client, Connection, simulation, start
from lab.wire import encode

SECONDS = 25


async def main(talkers: int) -> str:
    """Let several clients talk, and return whether Bob, who reads 2 MB/s, stays."""
    async with await start("11") as server:
        talking = [await server.connect(f"talker {n}") for n in range(talkers)]
        for talker in talking:
            await talker.join("tea")
        bob = await server.call()
        await bob.send(encode({"action": "connect", "username": "bob"}))
        await bob.send(encode({"action": "joinroom", "room": "tea"}))
        await talking[0].hear("joinroom")
        await asyncio.sleep(5)
        reading = asyncio.create_task(read_to_the_end(bob))
        saying = {asyncio.create_task(talk(talker)) for talker in talking}
        done, _ = await asyncio.wait({reading}, timeout=SECONDS)
        for task in {reading, *saying}:
            task.cancel()
        await asyncio.wait({reading, *saying})
    return "is disconnected" if done else "stays"


async def talk(client: Client) -> None:
    """Send one long message after another."""
    while True:
        await client.say("tea", TEXT)


async def read_to_the_end(connection: Connection) -> None:
    """Read at Bob's pace."""
    size = -1
    while size:
        size = len(await connection.receive())
        await asyncio.sleep(size / READS)


if __name__ == "__main__":
    for talkers in (1, 2, 3, 4):
        print(f"{talkers} talk: Bob {simulation.run(main(talkers))}")
