"""Step 02: the server answers the door."""

import re

from lab.behaviours import since
from lab.behaviours.bench import Bench
from lab.unmet import Unmet

EVERYWHERE = re.compile(
    r"Listening on (0\.0\.0\.0|::|\[::\]):"
)  # all addresses that there are


@since(
    2,
    hint='read() returns b"" at the end: close the writer then, in a finally',
)
async def closes_after_eof(bench: Bench) -> None:
    """When a client ends its stream, the server closes the connection."""
    for _ in range(3):
        caller = await bench.call()
        await caller.send(b"\0\0")  # one byte short of a header: no step can answer it
        caller.finish()
        await caller.rest(bench.timeout)


@since(
    2,
    needs="output",
    hint="start_server runs your function as a task for each client: does it block?",
)
async def one_client_does_not_block_another(bench: Bench) -> None:
    """The server serves a second client while the first is still connected."""
    await bench.call()
    await bench.prints("New client connected!")
    await bench.call()
    await bench.prints("New client connected!", times=2)


@since(
    2,
    needs="output",
    hint='print "New client connected!" first thing in client_connected',
)
async def a_connection_is_announced(bench: Bench) -> None:
    """The server prints that a new client has connected."""
    await bench.call()
    await bench.prints("New client connected!")


@since(
    2,
    until=3,
    needs="output",
    hint='print(f"Heard {data!r}") for every chunk that read() returns',
)
async def the_bytes_heard_are_printed(bench: Bench) -> None:
    """The server prints the bytes that it receives, chunk by chunk."""
    caller = await bench.call()
    for word in (b"hello", b"again"):
        await caller.send(word)
        await bench.prints(f"Heard {word!r}")


@since(2, needs="exit", hint="listen on the host that main is given, and on no other")
async def it_listens_on_this_machine_only(bench: Bench) -> None:
    """Started as a program, the server accepts connections from this machine only."""
    await bench.call()
    for line in bench.server.transcript.lines:
        if EVERYWHERE.search(line):
            raise Unmet("a server that listens on 127.0.0.1", line)
