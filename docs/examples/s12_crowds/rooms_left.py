"""How many rooms a step still knows when all have gone who were in them."""

import asyncio

from lab import simulation, start

ROOMS = 40


async def main(step: str) -> None:
    """Be in many rooms, leave some of them, hang up, and see what is left."""
    async with await start(step) as server:
        alice = await server.connect("alice")
        for number in range(ROOMS):
            await alice.join(f"room {number}")
        inside = len(server.module.ROOMS)
        await alice.leave("room 0")
        left = len(server.module.ROOMS)
        await alice.close()
        await asyncio.sleep(1)
        gone = len(server.module.ROOMS)
        print(f"step {step}: {inside} rooms; one is left: {left}; she goes: {gone}")


if __name__ == "__main__":
    for number in ("04", "12"):
        simulation.run(main(number))
