"""What happens to step 11 when no descriptor is left for new clients (Linux)."""

import asyncio
import os
import sys
import time
from pathlib import Path

from lab import Client, Connection, connect
from lab.host import Process, start_process
from lab.pictures import drawing

SPARE, CALLS = 5, 40  # descriptors that are left, and clients that connect
WORDS, PACE = 30, 0.12  # messages in that time, and the seconds between two
COMPLAINT = "socket.accept() out of system resource"  # what asyncio logs
TEXTS = {
    "seconds": "seconds with none left",
    "cpu": "CPU time",
    "complaints": "errors logged",
    "log": "size of the log",
    "said": "printed by the step",
    "slowest": "Alice to Bob, slowest",
    "dora": "Dora, connecting then",
    "cleo": "Cleo, afterwards",
}


async def look(step: str) -> dict[str, str]:
    """Take the descriptors away, give them back, and report what happened."""
    async with await start_process(step) as server:
        alice, bob = [await server.connect(name) for name in ("alice", "bob")]
        for client in (alice, bob):
            await client.join("tea")
        leave(server.process.pid, SPARE)
        calls = [await Connection.open(server) for _ in range(CALLS)]
        dora = await server.connect("dora")
        await dora.send({"action": "joinroom", "room": "tea"})
        found = await without_any(server, alice, bob)
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
    """Look at all of them at the same time: each process has its own limits."""
    return await asyncio.gather(*map(look, steps))


def leave(pid: int, spare: int) -> None:
    """Let a process open only this many descriptors more."""
    from resource import RLIMIT_NOFILE, prlimit

    _, most = prlimit(pid, RLIMIT_NOFILE)
    prlimit(pid, RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + spare, most))


async def without_any(server: Process, alice: Client, bob: Client) -> dict[str, str]:
    """Let Alice and Bob talk, and report what it cost."""
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
    """Return the server's CPU time in clock ticks."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii")
    numbers = stat.rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def show(*steps: str) -> list[dict[str, str]]:
    """Print a row for each figure and a column for each step, and return them."""
    if sys.platform != "linux":
        print("Only Linux lets a program take descriptors from another one.")
        return []
    found = asyncio.run(look_at_all(steps))
    print(row("", *(f"step {step}" for step in steps)))
    for name, text in TEXTS.items():
        print(row(text, *(each[name] for each in found)))
    return found


def row(first: str, *others: str) -> str:
    """Return a row of the table."""
    return f"{first:24}{''.join(f'{other:24}' for other in others)}".rstrip()


if __name__ == "__main__":
    show("11")
