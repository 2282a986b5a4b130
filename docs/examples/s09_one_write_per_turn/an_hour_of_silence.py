"""Lets clients vanish and others never say a word, and looks an hour later."""

import asyncio
from typing import Any

from lab import simulation, start
from lab.network import Faults, link_of

HOUR = 60 * 60  # seconds


async def an_hour_of_silence(step: str) -> None:
    """Pull out twenty cables, and let ten clients connect without a name."""
    async with await start(step, settings={"GOODBYE": "0.5"}) as server:
        guests = [await server.connect(f"guest {number}") for number in range(20)]
        for guest in guests:
            await guest.join("tea")
        for number in range(10):
            stranger = await server.call()
            await stranger.send(b"\x40\0" if number % 2 else b"")  # half a header
        await asyncio.sleep(1)
        for guest in guests:
            link_of(guest.connection.socket).die()
        await asyncio.sleep(HOUR)
        alice: Any = await server.connect("alice")
        members = (await alice.join("tea"))["members"]
        print(
            f"An hour later, Alice joins a room with {len(members) - 1} other members."
        )
        print(
            f"The server has {len(server.module.CLIENTS)} connections, hers included."
        )


if __name__ == "__main__":
    simulation.run(an_hour_of_silence("09"), faults=Faults(latency=0.01))
