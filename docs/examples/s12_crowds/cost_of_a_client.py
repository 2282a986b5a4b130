"""What one idle client in a room costs step 12.

The server is a separate process, so the figures do not include the clients. Its tasks
cannot be counted from outside, so a second server in this process counts them.
"""

import asyncio
import os
import sys
from pathlib import Path

from lab import Client
from lab.host import Process, Running, start, start_process

CLIENTS = 400
ANY = {"MAX_PER_ADDRESS": "1000"}  # all of them have the same address


async def come(server: Running, many: int) -> list[Client]:
    """Return this many clients, each in a room."""
    clients = [await server.connect(f"guest {number}") for number in range(many)]
    for client in clients:
        await client.join(client.name)
    return clients


def size(server: Process) -> tuple[int, int]:
    """Return how many bytes and descriptors a process has; zeros if nobody says."""
    if sys.platform != "linux":
        return 0, 0
    place = Path(f"/proc/{server.process.pid}")
    pages = int((place / "statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(place / "fd"))


async def main() -> None:
    """Let the clients connect, and print the cost of each."""
    async with await start_process("12", settings=ANY) as server:
        before = size(server)
        await come(server, CLIENTS)
        after = size(server)
    memory, descriptors = (
        (b - a) / CLIENTS for a, b in zip(before, after, strict=True)
    )
    async with await start("12", settings=ANY) as running:
        alone = len(running.tasks())
        await come(running, 10)
        tasks = (len(running.tasks()) - alone) / 10
    print(f"tasks       {tasks:6.1f}")
    if descriptors:
        print(f"descriptors {descriptors:6.1f}")
        print(f"memory      {memory / 1024:6.1f} KiB")


asyncio.run(main())
