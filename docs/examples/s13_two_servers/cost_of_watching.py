"""What it costs to look at silent clients: a task for each, and one for all."""

import asyncio
import time

from lab import simulation, start
from lab.wire import encode

CLIENTS = 500
SECONDS = 25  # of the simulation's clock: nobody has to be asked anything yet
ROOM = {"MAX_CLIENTS": "1000", "MAX_PER_ADDRESS": "1000"}


async def main(step: str) -> None:
    """Connect clients, let time pass, and print how long the processor was busy."""
    async with await start(step, settings=ROOM) as server:
        for number in range(CLIENTS):
            client = await server.call()
            await client.send(encode({"action": "connect", "username": f"{number}"}))
        await asyncio.sleep(1)
        tasks = len(server.tasks()) - 1
        begin = time.process_time()
        await asyncio.sleep(SECONDS)
        busy = (time.process_time() - begin) / SECONDS * 1000
        print(f"step {step}: {tasks:4} tasks of clients, {busy:4.1f} ms of each second")


if __name__ == "__main__":
    for number in ("12", "13"):
        simulation.run(main(number), debug=False)
