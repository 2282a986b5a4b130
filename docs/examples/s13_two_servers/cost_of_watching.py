"""The CPU time for watching silent clients: a task per client, and one for all."""

import asyncio
import time

from lab import simulation, start
from lab.wire import encode

CLIENTS = 500
SECONDS = 25  # of the simulation's clock: too few for a ping
ROOM = {"MAX_CLIENTS": "1000", "MAX_PER_ADDRESS": "1000"}


async def main(step: str) -> float:
    """Connect clients, let time pass, and print and return the CPU time."""
    async with await start(step, settings=ROOM) as server:
        for number in range(CLIENTS):
            client = await server.call()
            await client.send(encode({"action": "connect", "username": f"{number}"}))
        await asyncio.sleep(1)
        tasks = len(server.tasks()) - 1
        begin = time.process_time()
        await asyncio.sleep(SECONDS)
        busy = (time.process_time() - begin) / SECONDS * 1000
        cost = f"{busy:4.1f} ms of CPU time per second"
        print(f"step {step}: {tasks:4} client tasks, {cost}")
        return busy


if __name__ == "__main__":
    before, after = (simulation.run(main(n), debug=False) for n in ("12", "13"))
    assert after < before, "one task for all clients does not save CPU time"
