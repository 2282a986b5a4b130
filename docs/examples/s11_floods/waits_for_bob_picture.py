"""Draws how much waits for Bob in steps 10 and 11 while Mallory talks too fast."""

import asyncio

from docs.examples.s10_silence.too_fast import TALKS, TEXT, read
from lab import Client, Unsent, simulation, start
from lab.pictures.unsent_notes import Series
from lab.wire import encode

SECONDS = 3


async def main(step: str) -> Series:
    """Let Mallory talk for three seconds, and return what waited for Bob."""
    loop = asyncio.get_running_loop()
    async with await start(step) as server:
        mallory = await server.connect("mallory")
        await mallory.join("tea")
        bob = await server.call()
        await bob.send(encode({"action": "connect", "username": "bob"}))
        await bob.send(encode({"action": "joinroom", "room": "tea"}))
        await mallory.hear("joinroom")
        with Unsent.of(bob=bob) as unsent:
            talking = asyncio.create_task(talk(mallory))
            reading = asyncio.create_task(read(bob))
            end = loop.time() + SECONDS
            done, _ = await asyncio.wait({reading}, timeout=SECONDS)
            (series,) = unsent.series
            if done:  # disconnected: what waited for him is discarded
                series.note(loop.time(), 0, closing=True)
            await asyncio.sleep(end - loop.time())
            for task in (talking, reading):
                task.cancel()
            await asyncio.wait({talking, reading})
    series.name = f"step {step}"
    return series


async def talk(client: Client) -> None:
    """Send one message after another, at the speed of a good line."""
    while True:
        await client.say("tea", TEXT)
        await asyncio.sleep(len(TEXT) / TALKS)


print(Unsent.showing(*(simulation.run(main(step)) for step in ("10", "11"))).svg())
