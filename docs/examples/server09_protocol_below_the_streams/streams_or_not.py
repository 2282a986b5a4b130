"""What a delivery costs with streams and without, in time of the processor."""

import asyncio
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import ExitStack

from docs.examples.s09_one_write_per_turn.profile_08 import CHAT, entered, read, rounded
from docs.examples.server09_protocol_below_the_streams.memory_of_a_connection import (
    SERVERS,
)
from lab import start
from lab.story import ROOT
from lab.wire import encode

LISTENERS = 50
LOADS = {  # how many talk, how many messages each sends at once, and how often
    "one message at a time": (1, 1, 100),
    "32 at once, from one": (1, 32, 20),
    "16 at once, one from each": (16, 1, 40),
}
TURNS = 6  # that the two take; the best of them counts


async def started() -> Process:
    """Start the process that is all clients."""
    words = [
        sys.executable,
        "-m",
        "docs.examples.server09_protocol_below_the_streams.streams_or_not",
        "clients",
    ]
    return await asyncio.create_subprocess_exec(
        *words, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )


async def cost(clients: Process, step: str, load: tuple[int, int, int]) -> float:
    """Return the microseconds that a step computes for each delivery.

    The clients are a process of their own: nothing of theirs is measured.
    """
    async with await start(step) as server:
        await lets(clients, server.address[1], *load)  # all are in the room
        begin = time.process_time()
        await lets(clients)  # all have heard everything
        seconds = time.process_time() - begin
        await lets(clients)  # all have hung up
    talkers, each, times = load
    heard_by = LISTENERS + talkers - 1
    return seconds / (talkers * each * times * heard_by) * 1e6


async def lets(clients: Process, *numbers: int) -> None:
    """Let the clients do what comes next, and wait until it is done."""
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write(f"{' '.join(map(str, numbers))}\n".encode())
    await clients.stdout.readline()


def be_the_clients() -> None:
    """Be the clients of one server after the other, as the lines say that come."""
    for line in sys.stdin:
        port, *load = map(int, line.split())
        talk(port, *load)


def talk(port: int, talkers: int, each: int, times: int) -> None:
    """Enter the room, wait for a line, talk, hear it all, and leave at another line."""
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
    print("all have hung up", flush=True)


def settle(client: socket.socket) -> None:
    """Read all that has come, up to the answer to a question that is asked now."""
    client.sendall(encode({"action": "leaveroom", "room": "no such room"}))
    read(client, b"no such room")


async def main() -> None:
    """Let the two take turns, and print what each load costs them."""
    clients = await started()
    heads = "".join(f"{name:>18}" for name in SERVERS.values())
    print(f"{'µs for a delivery':28}{heads}")
    for name, load in LOADS.items():
        costs = [
            [await cost(clients, step, load) for step in SERVERS] for _ in range(TURNS)
        ]
        # Whatever disturbs the machine makes a turn dearer, and none cheaper.
        streams, without = (min(column) for column in zip(*costs, strict=True))
        part = rounded(100 * without / streams)
        print(f"{name:28}{streams:18.2f}{without:18.2f}   {part}")
    await clients.communicate(b"")  # no more lines: they end


if __name__ == "__main__":
    if sys.argv[1:]:
        be_the_clients()
    else:
        asyncio.run(main(), debug=False)
