"""How many rooms a step still knows after their only member disconnected."""

import asyncio

from lab import simulation, start

ROOMS = 40


async def main(step: str) -> None:
    """Join many rooms, leave one, disconnect, and print how many are left."""
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
        after = f"after leaving one: {left}; after disconnecting: {gone}"
        print(f"step {step}: {inside} rooms; {after}")


if __name__ == "__main__":
    for number in ("04", "12"):
        simulation.run(main(number))
