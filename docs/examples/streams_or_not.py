"""What a delivery costs with streams and without, in time of the processor."""

import asyncio
import socket
import statistics
import sys
import time
from asyncio.subprocess import PIPE

from docs.examples.memory_of_a_connection import SERVERS
from docs.examples.profile08 import CHAT, entered, read, rounded
from lab import start
from lab.story import ROOT
from lab.wire import encode

LISTENERS = 50
LOADS = {  # how many talk, how many messages each sends at once, and how often
    "one message at a time": (1, 1, 150),
    "32 at once, from one": (1, 32, 30),
    "16 at once, one from each": (16, 1, 60),
}
TURNS = 3  # that the two take


async def cost(step: str, talkers: int, each: int, times: int) -> float:
    """Return the microseconds that a step computes for each delivery.

    The clients are a process of their own: nothing of theirs is measured.
    """
    async with await start(step) as server:
        words = [sys.executable, "-m", "docs.examples.streams_or_not"]
        numbers = [str(n) for n in (server.address[1], talkers, each, times)]
        clients = await asyncio.create_subprocess_exec(
            *words, *numbers, stdin=PIPE, stdout=PIPE, cwd=ROOT
        )
        assert clients.stdin is not None
        assert clients.stdout is not None
        await clients.stdout.readline()
        begin = time.process_time()
        clients.stdin.write(b"begin\n")
        await clients.stdout.readline()
        seconds = time.process_time() - begin
        await clients.communicate(b"end\n")
    heard_by = LISTENERS + talkers - 1
    return seconds / (talkers * each * times * heard_by) * 1e6


def talk(port: int, talkers: int, each: int, times: int) -> None:
    """Be the clients: enter the room, wait for a line, talk, and hear it all."""
    listening = [entered(port, f"listener {number}") for number in range(LISTENERS)]
    talking = [entered(port, f"talker {number}") for number in range(talkers)]
    for client in [*listening, *talking]:  # who is the last to know that all are here
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


def settle(client: socket.socket) -> None:
    """Read all that has come, up to the answer to a question that is asked now."""
    client.sendall(encode({"action": "leaveroom", "room": "no such room"}))
    read(client, b"no such room")


def main() -> None:
    """Let the two take turns, and print what each load costs them."""
    heads = "".join(f"{name:>18}" for name in SERVERS.values())
    print(f"{'µs for a delivery':28}{heads}")
    for name, load in LOADS.items():
        costs = [
            [asyncio.run(cost(step, *load), debug=False) for step in SERVERS]
            for _ in range(TURNS)
        ]
        medians = [statistics.median(column) for column in zip(*costs, strict=True)]
        shown = "".join(f"{number:18.2f}" for number in medians)
        # Of one turn each: what has disturbed the machine has disturbed both.
        part = statistics.median(without / streams for streams, without in costs)
        print(f"{name:28}{shown}   {rounded(100 * part)}")


if __name__ == "__main__":
    if sys.argv[1:]:
        talk(*map(int, sys.argv[1:]))
    else:
        main()
