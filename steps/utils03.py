"""Counts for how long a client has kept the server waiting.

New: a count for each thing that is awaited of a client, in beats and not by the clock.
Still wrong: it only says what is to be done.
"""

import asyncio
import socket
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncGenerator
from typing import Literal

import utils02
from utils02 import HEADER, size_in

# The fields that each action needs. A pong has none.
FIELDS = utils02.FIELDS | {"pong": ()}

BEAT = 1.0  # seconds from one look at a client to the next
LATE = 3.0  # seconds that a look may be late: after more, it is we who were away

# In beats, so in seconds in which the server was awake. While it is stopped, or the
# machine sleeps, a clock may go on, but nobody keeps the server waiting.
CONNECT_TIME = 10  # until connect: a program says it at once, and no person is asked
FRAME_TIME = 10  # until a frame that has begun is whole: 64 KiB, at the pace of a modem
TAKE_TIME = 10  # until some of what is owed is taken: a network recovers sooner
PING_TIME = 30  # of silence, until we ask: the way back is forgotten within minutes
PONG_TIME = 30  # until the answer: it may have to wait behind all that is owed

SEND_BUFFER = (
    2**16
)  # bytes that wait in the system; who takes 10 kB a second is not stuck

Advice = Literal["nothing", "ask", "refuse", "drop"]


class Patience:
    """What one client keeps the server waiting for, and for how many beats.

    Whoever reads sets ``begun`` while a frame has begun and is not whole, says so with
    ``is_whole``, and sets ``over`` when no more is expected to come. Whoever writes
    adds the bytes to ``written``.
    """

    __slots__ = (
        *("begun", "nameless", "over", "silent", "stuck", "taken"),
        *("unfinished", "written"),
    )

    def __init__(self) -> None:
        self.begun = self.over = False
        self.taken = self.written = 0
        self.forgive()

    def forgive(self) -> None:
        """Begin to count anew."""
        self.silent = self.nameless = self.unfinished = self.stuck = 0

    def is_whole(self) -> None:
        """Note that all of a frame has come."""
        self.begun = False
        self.silent = self.unfinished = 0

    def pong(self, _: dict[str, str]) -> None:
        """Take the answer to a ping: it was whole, and that is all that counts."""

    def beat(self, named: bool, owed: int, late: float) -> Advice:
        """Count one beat more, and say what is to be done.

        ``named`` is whether the client has said connect, ``owed`` how many of the bytes
        that were written still wait here, and ``late`` how many seconds late this is.

        To ``"ask"`` is to send a ping, once in a silence. To ``"refuse"``, once, is to
        say why and to end the stream. To ``"drop"`` is to break the connection off:
        whoever takes nothing cannot be told anything.
        """
        if late > LATE:
            self.forgive()  # what we miss may have come, and not been read yet
        taken, self.taken = self.taken, self.written - owed
        self.silent += 1
        self.nameless = 0 if named else self.nameless + 1
        self.unfinished = self.unfinished + 1 if self.begun else 0
        self.stuck = self.stuck + 1 if owed and taken == self.taken else 0
        if self.stuck >= TAKE_TIME:
            return "drop"
        if self.over:
            return "nothing"
        if (
            self.nameless >= CONNECT_TIME
            or self.unfinished >= FRAME_TIME
            or self.silent >= PING_TIME + PONG_TIME
        ):
            self.over = True
            return "refuse"
        return "ask" if self.silent == PING_TIME else "nothing"


def bound_send_buffers(server: asyncio.Server) -> None:
    """Let the system keep few bytes for each client whom the server will accept.

    Otherwise it keeps megabytes, and takes more only when a third of them has gone: who
    reads 100 kB a second looks for 10 seconds as if they had stopped.
    """
    for listening in server.sockets:  # what it accepts is like it
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


async def beats() -> AsyncGenerator[float, None]:
    """Yield at each beat how many seconds late it is, until cancelled."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + BEAT
        await asyncio.sleep(BEAT)
        yield clock() - due


async def new_payloads(
    reader: StreamReader, patience: Patience
) -> AsyncGenerator[bytes, None]:
    """Yield each payload that arrives, until the connection ends.

    Raises Refused for one that is too large, before any of it is read. The patience is
    told of each frame that it begins and that it is whole, and of the end.
    """
    try:
        while True:
            # By itself: whoever waits for all three does not see that one has come.
            first = await reader.readexactly(1)
            patience.begun = True
            size = size_in(first + await reader.readexactly(HEADER - 1))
            payload = await reader.readexactly(size)
            patience.is_whole()
            yield payload
    except (IncompleteReadError, OSError):
        return  # the connection is dead
    finally:
        patience.over = True
