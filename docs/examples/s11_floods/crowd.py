"""One computer connects to step 11 two thousand times and sends nothing."""

import asyncio

from lab import simulation, start

CALLS = 2000


async def main() -> None:
    """Connect, and count the clients that the server accepted."""
    async with await start("11") as server:
        for _ in range(CALLS):
            await server.call()
        await asyncio.sleep(1)
        inside = server.module.CLIENTS
        peers = {client.writer.get_extra_info("peername")[0] for client in inside}
        known = f"{CALLS:,} connections from {len(peers)} address"
        print(f"{known}: {len(inside):,} clients")


simulation.run(main())
