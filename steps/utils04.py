"""Delivers messages once per turn of the loop, and limits how fast a client may send.

New: a connection, an outbox and a bucket, which know nothing about rooms.
Still wrong: no server uses them yet.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import defaultdict
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Any

from utils02 import Refused, encode
from utils03 import Idle, ticks

# Bytes that may wait for one client. With less, a minute without network ends a
# connection; with more, a thousand clients that do not read fill the memory.
MAX_UNSENT = 2**20
MAX_OUTBOX = 2**14  # bytes posted in a turn, a few hundred messages; then it ends


class Connection:
    """The stream to one client: its writes, and how long the client keeps us waiting.

    It is made in the task that serves the client. ``name`` is None until the client
    says who it is.
    """

    __slots__ = "has_finished", "idle", "name", "outbox", "reading", "task", "writer"

    def __init__(self, writer: StreamWriter, outbox: "Outbox") -> None:
        self.writer, self.outbox = writer, outbox
        self.task: Any = asyncio.current_task()
        self.has_finished = False
        self.name: str | None = None
        self.idle = Idle()
        self.reading = asyncio.timeout(None)  # until the idle count ends it

    def tick(self, late: float) -> None:
        """Do what this client's idle count says, ``late`` seconds after time."""
        owed = self.writer.transport.get_write_buffer_size()
        match self.idle.tick(self.name is not None, owed, late):
            case "ask":
                self.send({"action": "ping"})
            case "refuse":
                self.reading.reschedule(0)  # now; the reader gets a TimeoutError
            case "drop":
                self.writer.transport.abort()

    async def wait_for(self, bucket: "Bucket") -> None:
        """Stop reading until there is a token: unread messages wait with the sender.

        Raises Refused if the client had to wait each time, for too long.
        """
        pause = bucket.take(asyncio.get_running_loop().time())
        if pause and not self.has_finished:  # after bye we only drain
            await asyncio.sleep(pause)

    def send(self, message: dict[str, Any]) -> None:
        """Post a message to this client, to be sent when the turn ends."""
        self.outbox.post({self}, encode(message))

    def write(self, frame: bytes) -> None:
        """Hand over bytes and wait for nothing."""
        if self.has_finished or self.writer.is_closing():
            return  # it has left already but is still in its rooms
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            # Not close(): it would wait until the client reads all of this.
            self.writer.transport.abort()
        else:
            self.writer.write(frame)
            self.idle.written += len(frame)

    def break_off(self, error: Exception) -> None:
        """Abort the connection and report why."""
        # One bad client must not cost the others their messages, and a bug here
        # must not go unseen.
        self.writer.transport.abort()
        what = {"message": "a client cannot be served", "exception": error}
        asyncio.get_running_loop().call_exception_handler(what)

    def say_last(self, message: dict[str, Any]) -> None:
        """Send a last message immediately, and nothing after it."""
        self.send(message)
        self.outbox.flush()
        self.has_finished = True
        try:
            # Not close(): with unread bytes it would reset and lose our message.
            self.writer.write_eof()
        except OSError:
            pass  # the client disconnected at this very moment


async def watch(clients: AbstractSet[Connection]) -> None:
    """Look at each client once per tick, until cancelled."""
    async for late in ticks():
        for client in list(clients):
            try:
                client.tick(late)
            except Exception as error:
                client.break_off(error)


async def linger(reader: StreamReader, timeout: float) -> None:
    """Discard input for a while: with unread bytes, close() would be a reset."""
    try:
        async with asyncio.timeout(timeout):
            while await reader.read(2**16):
                pass
    except OSError:  # a TimeoutError is an OSError
        pass


class Bucket:
    """One token per message: full at first, refilled at a steady rate.

    ``rate`` is tokens per second, ``burst`` how many fit, and ``most`` for how
    many seconds a client may go on without a token left.
    """

    def __init__(self, rate: float, burst: float, most: float) -> None:
        self.rate, self.tokens, self.burst, self.most = rate, burst, burst, most
        self.now = self.rested = 0.0  # the last call, and the last with a token left

    def take(self, now: float) -> float:
        """Take a token; return the seconds until it is there.

        Raises Refused if there was none for too long.
        """
        self.tokens = min(self.burst, self.tokens + self.rate * (now - self.now)) - 1
        self.now = now
        if self.tokens >= 0:
            self.rested = now
        elif now - self.rested > self.most:
            raise Refused("too_fast")
        return max(0.0, -self.tokens / self.rate)


class Outbox:
    """The messages of this turn of the loop, in order, each with its recipients."""

    def __init__(self) -> None:
        self.posts: list[tuple[AbstractSet[Connection], bytes]] = []
        self.size = 0

    def post(self, members: AbstractSet[Connection], frame: bytes) -> None:
        """Send the frame to these members at the next flush.

        The set must not change until then: callers pass their own.
        """
        if not self.posts:
            loop = asyncio.get_running_loop()
            # Two call_soons: the flush runs after every task that is ready now.
            loop.call_soon(loop.call_soon, self.flush)
        self.posts.append((members, frame))
        self.size += len(frame)

    async def yield_if_full(self) -> None:
        """End this turn of the loop if enough was posted in it."""
        if self.size > MAX_OUTBOX:
            self.flush()
            await asyncio.sleep(0)

    def flush(self) -> None:
        """Write to each member, in one call, everything posted for it."""
        posts, self.posts, self.size = self.posts, [], 0
        heard: defaultdict[Connection, list[bytes]] = defaultdict(list)
        for members, said in groupby(posts, key=lambda post: post[0]):
            piece = b"".join(frame for _, frame in said)  # once, not once per member
            for member in members:
                heard[member].append(piece)
        for member, pieces in heard.items():
            try:
                member.write(b"".join(pieces))
            except Exception as error:
                member.break_off(error)
