"""A thousand talk, ten thousand words a second are delivered, and others come and go.

All clients are in this process and call from one address. The server is another
process, and Linux tells what that one uses.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from lab import Connection
from lab.host import Process, start_process
from lab.wire import Message, encode

ROOMS, MEMBERS = 20, 50  # of each room: a thousand together
SPEAKERS, PACE = 2, 0.19  # of each room, and the seconds from one word to the next
WORDS = 10  # of each speaker: two seconds of them
VISITS, AT_ONCE = 1000, 50  # clients that come, join and go, and how many together
LIMITS = {"MAX_PER_ADDRESS": "2000"}  # all others are as they are
QUIET = 0.3  # seconds in which nothing comes: then all of it has come
WORD = "a word that is as long as most words are"
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
        """Take all that comes."""
        while data := await self.connection.receive():
            self.bytes += len(data)

    async def talks(self) -> None:
        """Say one word after the other."""
        for _ in range(WORDS):
            await self.connection.send(encode(chat(self.room)))
            await asyncio.sleep(PACE)

    async def goes(self) -> None:
        """End the stream, and wait until the server has ended it, too."""
        self.connection.finish()
        await self.reading
        await self.connection.close()


def chat(room: str, **fields: str) -> Message:
    """Return what is said in a room."""
    return {"action": "chat", "room": room, "message": WORD, **fields}


async def talk(server: Process, members: list[Member]) -> None:
    """Let them talk, and print how much of it has come."""
    before = await settled(members)  # the news of who has come is all there then
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
    print(f"{came:,.0f} of {due:,} words delivered, {came / seconds:,.0f} a second,")
    print(f"with {cpu / seconds:.0%} of a processor")


async def settled(members: list[Member]) -> int:
    """Wait until no more comes, and return how many bytes have come in all."""
    before, now = -1, 0
    while now != before:
        await asyncio.sleep(QUIET)
        before, now = now, sum(member.bytes for member in members)
    return now


async def visits(server: Process, many: int) -> None:
    """Let so many come and go, some of them at a time, and print how fast that is."""
    begin = time.perf_counter()
    for first in range(0, many, AT_ONCE):
        names = [f"visitor {first + number}" for number in range(AT_ONCE)]
        come = await asyncio.gather(*(Member.enters(server, n, "hall") for n in names))
        await asyncio.gather(*(member.goes() for member in come))
    rate = many / (time.perf_counter() - begin)
    print(f"{many:,} have come and gone, {rate:,.0f} a second")


def used(server: Process) -> int:
    """Return the ticks of the processor that it has used; 0 if nobody says."""
    if sys.platform != "linux":
        return 0
    stat = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii")
    numbers = stat.rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


def report(server: Process, when: str) -> None:
    """Print what memory and how many descriptors the server has in use."""
    if sys.platform != "linux":
        return
    place = Path(f"/proc/{server.process.pid}")
    pages = int((place / "statm").read_text(encoding="ascii").split()[1])
    size = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    print(f"{when:24}{size:5.0f} MiB{len(os.listdir(place / 'fd')):8,} descriptors")


def may_open(many: int) -> None:
    """Let this process and those that it starts open so many, if the system does."""
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
    """Look at the server before, meanwhile and after."""
    may_open(2 * ROOMS * MEMBERS)
    async with await start_process("12", settings=LIMITS) as server:
        report(server, "before")
        members = await come(server)
        report(server, f"with {len(members):,} clients")
        await talk(server, members)
        await asyncio.gather(*(member.goes() for member in members))
        await visits(server, VISITS)
        members = await come(server)
        report(server, f"with {len(members):,} others")
        await asyncio.gather(*(member.goes() for member in members))
        await server.prints("Client gone.", times=VISITS + 2 * len(members))
        report(server, "after")


if __name__ == "__main__":
    asyncio.run(main())
