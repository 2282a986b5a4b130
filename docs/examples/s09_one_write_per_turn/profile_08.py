"""Profiles step 08 while one client talks to 100 listeners."""

import asyncio
import cProfile
import pstats
import socket
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from lab import start
from lab.story import ROOT
from lab.wire import encode

LISTENERS = 100
AT_ONCE = 32  # messages that are sent in one go; the next ones when all were heard
ROUNDS = 25

CHAT = {"action": "chat", "room": "tea", "message": "x" * 40}
JOIN = {"action": "joinroom", "room": "tea"}

PLACES = {  # how the name of a function or of its file begins, and what we call it
    "<method 'send' of '_socket": "socket.send",
    "json/": "json",
    "asyncio/": "asyncio",
    "selectors": "asyncio",
    "steps/": "the step itself",
}


async def profiled(step: str) -> dict[str, float]:
    """Return which part of the time each place takes, in per cent."""
    profile = cProfile.Profile()
    await work(step, profile)
    times: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():
        name = function if file == "~" else file.replace("\\", "/")
        if "select." not in name:  # there it waits for something to do
            times[next((PLACES[p] for p in PLACES if p in name), "all else")] += own
    return {place: 100 * own / times.total() for place, own in times.items()}


async def work(step: str, measure: AbstractContextManager[Any]) -> None:
    """Let clients talk to a step, and measure what the step does meanwhile.

    The clients are a process of their own: nothing of theirs is measured.
    """
    async with await start(step) as server:
        words = [
            sys.executable,
            "-m",
            "docs.examples.s09_one_write_per_turn.profile_08",
            f"{server.address[1]}",
        ]
        clients: Any = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, cwd=ROOT
        )
        await clients.stdout.readline()
        with measure:
            clients.stdin.write(b"begin\n")
            await clients.stdout.readline()
        await clients.communicate(b"end\n")


def talk(port: int) -> None:
    """Be the clients: enter the room, wait for a line, talk, and hear it all."""
    listeners = [entered(port, f"listener {number}") for number in range(LISTENERS)]
    talker = entered(port, "talker")
    for listener in listeners:
        read(listener, b'"talker"}')  # has joined
    print("all are in the room", flush=True)
    sys.stdin.readline()
    for _ in range(ROUNDS):
        talker.sendall(encode(CHAT) * AT_ONCE)
        for listener in listeners:
            read(listener, b'"talker"}', AT_ONCE)
    print("all have heard everything", flush=True)
    sys.stdin.readline()  # stay until the measuring is over


def entered(port: int, name: str) -> socket.socket:
    """Return a connection of somebody who has joined the room."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(encode({"action": "connect", "username": name}) + encode(JOIN))
    read(client, b"]}")  # the answer, which ends with the list of the members
    return client


def read(client: socket.socket, what: bytes, times: int = 1) -> None:
    """Read until this has come so many times; ConnectionError after a hang-up."""
    heard = b""
    while heard.count(what) < times:
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("the server has hung up")
        heard += piece


def table(columns: dict[str, dict[str, float]]) -> str:
    """Return a table of shares, rounded: the rest differs from run to run."""
    rows = list(dict.fromkeys([*PLACES.values(), "all else"]))
    lines = [f"{'':18}" + "".join(f"{head:>10}" for head in columns)]
    for row in rows:
        shares = [column.get(row, 0.0) for column in columns.values()]
        lines.append(f"{row:18}" + "".join(f"{rounded(share):>10}" for share in shares))
    return "\n".join(lines)


def rounded(share: float) -> str:
    """Return a share in per cent, as a multiple of 5."""
    return f"{5 * round(share / 5)} %" if share >= 2.5 else "< 5 %"


if __name__ == "__main__":
    if sys.argv[1:]:
        talk(int(sys.argv[1]))
    else:
        shares = asyncio.run(profiled("08"))
        print(table({"step 08": shares}))
        assert max(shares, key=lambda place: shares[place]) == "socket.send"
        assert shares["json"] < 15, "JSON shows"
