"""What becomes of step 11 when no descriptor is left for those who call (Linux)."""

import asyncio
import os
import sys
import time
from pathlib import Path

from lab import Client, Connection, connect
from lab.host import Process, start_process
from lab.pictures import drawing

SPARE, CALLS = 5, 40  # descriptors that are left, and those who call
WORDS, PACE = 30, 0.12  # said meanwhile, and the seconds from one to the next
COMPLAINT = "socket.accept() out of system resource"  # what asyncio says
TEXTS = {
    "seconds": "seconds without one",
    "cpu": "time of the processor",
    "complaints": "complaints",
    "log": "written to stderr",
    "said": "printed about it",
    "slowest": "Alice to Bob, at most",
    "dora": "Dora, who calls",
    "cleo": "Cleo, who calls later",
}


async def look(step: str) -> dict[str, str]:
    """Take the descriptors away, give them back, and tell what it was like."""
    async with await start_process(step) as server:
        alice, bob = [await server.connect(name) for name in ("alice", "bob")]
        for client in (alice, bob):
            await client.join("tea")
        leave(server.process.pid, SPARE)
        calls = [await Connection.open(server) for _ in range(CALLS)]
        dora = await server.connect("dora")
        await dora.send({"action": "joinroom", "room": "tea"})
        found = await meanwhile(server, alice, bob)
        found["dora"] = "answered" if dora.heard else "connected, no answer"
        await dora.close()
        for call in calls:
            await call.close()
        begin = time.perf_counter()
        cleo = await connect(server, "cleo", 20.0)
        await cleo.join("tea")
        found["cleo"] = f"in after {time.perf_counter() - begin:.1f} s"
        await cleo.close()
        return found


async def look_at_all(steps: tuple[str, ...]) -> list[dict[str, str]]:
    """Look at all of them at once: each is a process with limits of its own."""
    return await asyncio.gather(*map(look, steps))


def leave(pid: int, spare: int) -> None:
    """Let a process have only so many descriptors more than it has."""
    from resource import RLIMIT_NOFILE, prlimit

    _, most = prlimit(pid, RLIMIT_NOFILE)
    prlimit(pid, RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + spare, most))


async def meanwhile(server: Process, alice: Client, bob: Client) -> dict[str, str]:
    """Let Alice and Bob talk, and tell what it was like."""
    ticks, slowest, start = used(server), 0.0, time.perf_counter()
    for number in range(WORDS):
        begin = time.perf_counter()
        await alice.say("tea", f"{number}")
        await bob.hear("chat")
        slowest = max(slowest, time.perf_counter() - begin)
        await asyncio.sleep(PACE)
    cpu = (used(server) - ticks) / os.sysconf("SC_CLK_TCK")
    errors = str(server.errors)
    said = [line for line in server.transcript.lines if "descriptor" in line]
    return {
        "seconds": f"{time.perf_counter() - start:.0f}",
        "cpu": f"{cpu:.2f} s",
        "complaints": f"{errors.count(COMPLAINT)}",
        "log": f"{len(errors) / 1000:,.0f} kB",
        "said": drawing.several(len(said), "line"),
        "slowest": f"{1000 * slowest:.0f} ms",
    }


def used(server: Process) -> int:
    """Return the ticks of the processor that the server has used."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii")
    numbers = stat.rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def show(*steps: str) -> None:
    """Print a line for each thing, and a column for each step."""
    if sys.platform != "linux":
        print("Only Linux lets a program take descriptors from another one.")
        return
    found = asyncio.run(look_at_all(steps))
    print(row("", *(f"step {step}" for step in steps)))
    for name, text in TEXTS.items():
        print(row(text, *(each[name] for each in found)))


def row(first: str, *others: str) -> str:
    """Return a line of the table."""
    return f"{first:24}{''.join(f'{other:24}' for other in others)}".rstrip()


if __name__ == "__main__":
    show("11")
