"""What a server does that has no descriptor left for those who call (Linux).

Run it as ``python -m docs.examples.no_descriptor 11``; without a number, on step 12.
"""

import asyncio
import os
import resource
import sys
import time

from lab import Client, Connection, connect
from lab.host import Process, start_process

SPARE, CALLS = 5, 40  # descriptors that are left, and those who call
WORDS, PACE = 40, 0.12  # said meanwhile, and the seconds from one to the next


async def meanwhile(server: Process, alice: Client, bob: Client) -> None:
    """Let Alice and Bob talk, and print what it was like."""
    ticks, slowest = used(server), 0.0
    for number in range(WORDS):
        begin = time.perf_counter()
        await alice.say("tea", f"{number}")
        await bob.hear("chat")
        slowest = max(slowest, 1000 * (time.perf_counter() - begin))
        await asyncio.sleep(PACE)
    cpu = (used(server) - ticks) / os.sysconf("SC_CLK_TCK")
    log = len(str(server.errors)) / 1000
    print(f"{WORDS * PACE:.0f} s without a descriptor: {cpu:.2f} s of the processor,")
    print(f"{log:,.0f} kB on stderr, every word within {slowest:.0f} ms")


def used(server: Process) -> int:
    """Return the ticks of the processor that the server has used."""
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        numbers = file.read().rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


async def main(step: str = "12") -> None:
    """Take the descriptors away, and give them back."""
    async with await start_process(step) as server:
        alice, bob = [await server.connect(name) for name in ("alice", "bob")]
        for client in (alice, bob):
            await client.join("tea")
        pid, kind = server.process.pid, resource.RLIMIT_NOFILE
        before = resource.prlimit(pid, kind)
        few = len(os.listdir(f"/proc/{pid}/fd")) + SPARE
        resource.prlimit(pid, kind, (few, before[1]))
        calls = [await Connection.open(server) for _ in range(CALLS)]
        await meanwhile(server, alice, bob)
        for call in calls:
            await call.close()
        begin = time.perf_counter()
        cleo = await connect(server, "cleo", 20.0)
        await cleo.join("tea")
        print(f"Cleo came in after {time.perf_counter() - begin:.1f} s")
        await cleo.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
