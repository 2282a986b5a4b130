"""Measures the memory of an idle connection, with streams and without.

For every block of memory, Python can say which line of which file asked for it.
"""

import asyncio
import gc
import socket
import tracemalloc
from contextlib import ExitStack

from lab import start
from lab.story import STEPS
from lab.wire import encode

SERVERS = {"server09": "step 09", "server09_protocol": "without streams"}
CLIENTS = 200
ROOM = 10  # clients in each

PARTS = {  # how the name of a file ends, and what we call it
    "asyncio/selector_events.py": "the transport",
    "asyncio/transports.py": "the transport",
    "selectors.py": "the transport",
    "socket.py": "the transport",
    "asyncio/streams.py": "the streams",
    "asyncio/base_events.py": "tasks and callbacks",
    "asyncio/tasks.py": "tasks and callbacks",
    "asyncio/events.py": "tasks and callbacks",
    "weakref.py": "tasks and callbacks",  # of which asyncio keeps lists
    "_weakrefset.py": "tasks and callbacks",
}
STEP = "the step itself"


async def parts(step: str) -> dict[str, float]:
    """Return how many bytes each part of a connection takes, on average."""
    async with await start(step) as server:
        gc.collect()
        tracemalloc.start()
        with ExitStack() as clients:  # they close first, or the server waits for them
            for number in range(CLIENTS):
                client = clients.enter_context(socket.socket())
                await enter(client, server.address, number)
            gc.collect()
            taken = tracemalloc.take_snapshot()
        tracemalloc.stop()
    sizes = dict.fromkeys([*PARTS.values(), STEP], 0.0)
    for found in taken.statistics("filename"):
        file = found.traceback[0].filename.replace("\\", "/")
        part = next((PARTS[end] for end in PARTS if file.endswith(end)), "")
        part = STEP if file.startswith(STEPS.as_posix()) else part
        if part:  # all else is the lab's
            sizes[part] += found.size / CLIENTS
    return sizes


async def enter(client: socket.socket, address: tuple[str, int], number: int) -> None:
    """Connect, send a name, join a room, and wait for the answer."""
    loop = asyncio.get_running_loop()
    client.setblocking(False)
    await loop.sock_connect(client, address)
    me = {"action": "connect", "username": f"client {number}"}
    room = {"action": "joinroom", "room": f"room {number // ROOM}"}
    await loop.sock_sendall(client, encode(me) + encode(room))
    heard = b""
    while b"members" not in heard:
        heard += await loop.sock_recv(client, 65536)


def main() -> None:
    """Measure both, and print a table in KiB."""
    columns = [asyncio.run(parts(step), debug=False) for step in SERVERS]
    print(f"{'KiB':20}" + "".join(f"{name:>18}" for name in SERVERS.values()))
    for part in columns[0]:
        sizes = "".join(f"{column[part] / 1024:18.2f}" for column in columns)
        print(f"{part:20}{sizes}")
    totals = "".join(f"{sum(column.values()) / 1024:18.2f}" for column in columns)
    print(f"{'total':20}{totals}")
    streams, without = (sum(column.values()) for column in columns)
    assert without < streams / 2, "the protocol does not save half of the memory"


if __name__ == "__main__":
    main()
