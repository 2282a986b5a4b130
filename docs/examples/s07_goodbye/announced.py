"""What clients cost step 07 that announce 16 MiB each and never send all of it."""

import asyncio
import re
from pathlib import Path

from lab.host import start_process
from lab.wire import LARGEST

CLIENTS = 5
SENT = LARGEST - 100_000  # bytes of the announced message that are sent


async def main() -> None:
    """Measure the memory of the process before and after."""
    async with await start_process("07") as server:
        before = memory(server.process.pid)
        for _ in range(CLIENTS):
            client = await server.call()
            await client.send(LARGEST.to_bytes(3, "little") + bytes(SENT))
        after = memory(server.process.pid)
    grown = f"{after - before} MiB" if before else "(this system does not tell)"
    print(f"{CLIENTS} clients announce 16 MiB each. The process grows by {grown}.")


def memory(process: int) -> int:
    """Return a process's memory in MiB; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="ascii"))
    return int(found[1]) // 1024 if found else 0


asyncio.run(main())
