"""Shows where step 09 spends its time under three loads, and how often it sends."""

import asyncio
import cProfile
import pstats
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import ExitStack
from typing import Any

from docs.examples.s09_one_write_per_turn.profile_08 import (
    CHAT,
    PLACES,
    entered,
    read,
    rounded,
)
from lab import start
from lab.story import ROOT
from lab.wire import encode

LISTENERS = 50
LOADS = {  # how many talk, how many messages each sends at once, and how often
    "quiet": (1, 1, 100),
    "busy": (1, 32, 20),
    "crowd": (16, 1, 40),
}
SEND = "<method 'send' of '_socket"


async def profiled(
    clients: Process, step: str, load: tuple[int, int, int]
) -> pstats.Stats:
    """Return the profile of a step while the clients talk, in another process."""
    async with await start(step) as server:
        await lets(clients, server.address[1], *load)  # all are in the room
        with cProfile.Profile() as profile:
            await lets(clients)  # all have heard everything
        await lets(clients)  # all have left
    return pstats.Stats(profile)


def column(stats: Any, deliveries: int) -> list[str]:
    """Return the shares of the time, and the sends and calls for a delivery."""
    times: Counter[str] = Counter()
    sends = calls = 0
    for (file, _, function), (_, number, own, _, _) in stats.stats.items():
        name = function if file == "~" else file.replace("\\", "/")
        sends += number if name.startswith(SEND) else 0
        if "select." not in name:  # there it waits for something to do
            calls += number
            times[next((PLACES[p] for p in PLACES if p in name), "all else")] += own
    rows = [*dict.fromkeys(PLACES.values()), "all else"]
    shares = [rounded(100 * times[row] / times.total()) for row in rows]
    return [*shares, f"{sends / deliveries:.2f}", f"{calls / deliveries:.1f}"]


async def started() -> Process:
    """Start the process that plays all clients."""
    words = [sys.executable, "-m", "docs.examples.how_fast_is_it.where_it_goes"]
    return await asyncio.create_subprocess_exec(
        *words, "clients", stdin=PIPE, stdout=PIPE, cwd=ROOT
    )


async def lets(clients: Process, *numbers: int) -> None:
    """Let the clients do the next thing, and wait until it is done."""
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write(f"{' '.join(map(str, numbers))}\n".encode())
    await clients.stdout.readline()


def talk(port: int, talkers: int, each: int, times: int) -> None:
    """Enter the room, wait for a line, talk, read it all, and leave at another line."""
    with ExitStack() as gone:
        names = [f"listener {number}" for number in range(LISTENERS)]
        listening = [gone.enter_context(entered(port, name)) for name in names]
        names = [f"talker {number}" for number in range(talkers)]
        talking = [gone.enter_context(entered(port, name)) for name in names]
        for client in [*listening, *talking]:  # the last to know that all are here
            settle(client)
        print("all are in the room", flush=True)
        sys.stdin.readline()
        for _ in range(times):
            for client in talking:
                client.sendall(encode(CHAT) * each)
            for client in listening:
                read(client, b'"message"', talkers * each)
            if talkers > 1:
                for client in talking:
                    read(client, b'"message"', (talkers - 1) * each)
        print("all have heard everything", flush=True)
        sys.stdin.readline()  # stay until the measuring is over
    print("all have left", flush=True)


def settle(client: socket.socket) -> None:
    """Read everything up to the answer to a question that we ask now."""
    client.sendall(encode({"action": "leaveroom", "room": "no such room"}))
    read(client, b"no such room")


async def main() -> None:
    """Profile each load, and print a column for each."""
    columns = []
    clients = await started()
    for load in LOADS.values():
        talkers, each, times = load
        stats = await profiled(clients, "09", load)
        heard_by = LISTENERS + talkers - 1
        columns.append(column(stats, talkers * each * times * heard_by))
    await clients.communicate(b"")  # no more lines: they end
    quiet = [int(share.strip("< %")) for share in columns[0][:5]]
    assert quiet[0] == max(quiet), "quiet: the largest share does not go into send"
    print(f"{'':26}" + "".join(f"{name:>14}" for name in LOADS))
    heads = [*dict.fromkeys(PLACES.values()), "all else"]
    for head, *cells in zip(
        [*heads, "sends per delivery", "calls per delivery"], *columns, strict=True
    ):
        print(f"{head:26}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    if sys.argv[1:]:
        for line in sys.stdin:  # the clients of one server after the other
            talk(*map(int, line.split()))
    else:
        asyncio.run(main())
