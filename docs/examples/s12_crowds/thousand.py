"""A thousand clients, ten thousand deliveries per second, and others come and go.

All clients are in this process and share one address. The server is another process,
and Linux tells us what it uses.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from lab import Connection
from lab.host import Process, start_process
from lab.wire import Message, encode

ROOMS, MEMBERS = 20, 50  # per room: a thousand in all
SPEAKERS, PACE = 2, 0.19  # per room, and the seconds between two messages
WORDS = 10  # of each speaker, in two seconds
VISITS, AT_ONCE = 1000, 50  # clients that join and leave, and how many together
LIMITS = {"MAX_PER_ADDRESS": "2000"}  # the other limits are the step's
QUIET = 0.3  # seconds without data: then all of it has arrived
WORD = "a message that is as long as most of them"
SPACES = 3 + 4  # after each comma and each colon; the server sends none


class Member:
    """A client in a room, which counts the bytes that come."""

    def __init__(self, room: str, connection: Connection) -> None:
        self.room = room
        self.connection = connection
        self.bytes = 0
        self.reading = asyncio.create_task(self.read())

    @classmethod
    async def enters(cls, server: Process, name: str, room: str) -> "Member":
        """Connect, and be in the room when this returns."""
        connection = await Connection.open(server)
        who = {"action": "connect", "username": name}
        await connection.send(
            encode(who) + encode({"action": "joinroom", "room": room})
        )
        await connection.receive()
        return cls(room, connection)

    async def read(self) -> None:
        """Read everything."""
        while data := await self.connection.receive():
            self.bytes += len(data)

    async def talks(self) -> None:
        """Send one message after another."""
        for _ in range(WORDS):
            await self.connection.send(encode(chat(self.room)))
            await asyncio.sleep(PACE)

    async def goes(self) -> None:
        """End the stream, and wait until the server ends it, too."""
        self.connection.finish()
        await self.reading
        await self.connection.close()


def chat(room: str, **fields: str) -> Message:
    """Return a message to a room."""
    return {"action": "chat", "room": room, "message": WORD, **fields}


async def talk(server: Process, members: list[Member]) -> None:
    """Let the speakers talk, and print how many of their messages arrived."""
    before = await settled(members)  # all notices have arrived by then
    begin = time.perf_counter()
    ticks = used(server)
    async with asyncio.TaskGroup() as tasks:
        for number, member in enumerate(members):
            if number % MEMBERS < SPEAKERS:
                tasks.create_task(member.talks())
    seconds = time.perf_counter() - begin
    cpu = (used(server) - ticks) / os.sysconf("SC_CLK_TCK") if ticks else 0.0
    size = len(encode(chat("room 00", **{"from": "00 of room 00"}))) - SPACES
    came = (await settled(members) - before) / size
    due = ROOMS * SPEAKERS * WORDS * (MEMBERS - 1)
    print(
        f"{came:,.0f} of {due:,} deliveries arrived, {came / seconds:,.0f} per second,"
    )
    print(f"with {cpu / seconds:.0%} of one CPU core")


async def settled(members: list[Member]) -> int:
    """Wait until no more data arrives, and return the number of bytes."""
    before, now = -1, 0
    while now != before:
        await asyncio.sleep(QUIET)
        before, now = now, sum(member.bytes for member in members)
    return now


async def visits(server: Process, many: int) -> None:
    """Let this many clients come and go, some at a time, and print how fast."""
    begin = time.perf_counter()
    for first in range(0, many, AT_ONCE):
        names = [f"visitor {first + number}" for number in range(AT_ONCE)]
        come = await asyncio.gather(*(Member.enters(server, n, "hall") for n in names))
        await asyncio.gather(*(member.goes() for member in come))
    rate = many / (time.perf_counter() - begin)
    print(f"{many:,} clients came and went, {rate:,.0f} per second")


def used(server: Process) -> int:
    """Return the server's CPU time in clock ticks; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    stat = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii")
    numbers = stat.rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def report(server: Process, when: str) -> tuple[float, int]:
    """Print and return the server's memory in MiB and its open descriptors."""
    if sys.platform != "linux":
        return 0.0, 0
    place = Path(f"/proc/{server.process.pid}")
    pages = int((place / "statm").read_text(encoding="ascii").split()[1])
    size = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    descriptors = len(os.listdir(place / "fd"))
    print(f"{when:24}{size:5.0f} MiB{descriptors:8,} descriptors")
    return size, descriptors


def may_open(many: int) -> None:
    """Let this process and its children open this many files, if possible."""
    if sys.platform == "win32":
        return
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    soft, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (max(soft, min(many, hard)), hard))


async def come(server: Process) -> list[Member]:
    """Fill the rooms."""
    return [
        await Member.enters(server, f"{n:02} of room {room:02}", f"room {room:02}")
        for room in range(ROOMS)
        for n in range(MEMBERS)
    ]


async def main() -> None:
    """Look at the server before, during and after all of this."""
    may_open(2 * ROOMS * MEMBERS)
    async with await start_process("12", settings=LIMITS) as server:
        _, descriptors = report(server, "before")
        members = await come(server)
        memory, _ = report(server, f"with {len(members):,} clients")
        await talk(server, members)
        await asyncio.gather(*(member.goes() for member in members))
        await visits(server, VISITS)
        members = await come(server)
        more, _ = report(server, f"with {len(members):,} new clients")
        assert more <= 1.3 * memory, "the last thousand need much more memory"
        await asyncio.gather(*(member.goes() for member in members))
        await server.prints("Client gone.", times=VISITS + 2 * len(members))
        _, left = report(server, "after")
        assert left == descriptors, "some descriptors were not given back"


if __name__ == "__main__":
    asyncio.run(main())
