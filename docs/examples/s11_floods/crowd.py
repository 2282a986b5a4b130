"""One computer calls step 11 two thousand times, and says nothing yet."""

import asyncio

from lab import simulation, start

CALLS = 2000


async def main() -> None:
    """Call, and count who has been let in."""
    async with await start("11") as server:
        for _ in range(CALLS):
            await server.call()
        await asyncio.sleep(1)
        inside = server.module.CLIENTS
        peers = {client.writer.get_extra_info("peername")[0] for client in inside}
        print(f"{CALLS:,} calls: {len(inside):,} clients, of {len(peers)} address")


simulation.run(main())
