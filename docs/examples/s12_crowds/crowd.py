"""One computer connects to step 12 two thousand times and sends nothing."""

import asyncio

from lab import simulation, start

CALLS = 2000


async def main() -> None:
    """Connect, count the admitted and the refused clients, and look again later."""
    loop = asyncio.get_running_loop()
    async with await start("12") as server:
        begin = loop.time()
        calls = [await server.call() for _ in range(CALLS)]
        await asyncio.sleep(1)
        inside = len(server.module.ADMITTED)
        heard = [await call.receive() for call in calls[inside:]]
        told = sum(b'"code":"full"' in data for data in heard)
        known = f"{inside} admitted, {told:,} told that it is full"
        print(f"{CALLS:,} connections: {known}")
        for pause in (0, 4, 10):
            await asyncio.sleep(pause)
            now = loop.time() - begin
            print(f"after {now:2.0f} s: {len(server.module.CLIENTS):5,} connections")


simulation.run(main())
