"""The embedded client: what drives a server from a notebook, a test, a page or a bot.

``connect`` gives a client that speaks messages. It wraps a ``Connection``, which
speaks bytes, for a test that wants to see (or to break) what is really sent.
"""

import asyncio
import collections
import itertools
import json
import socket
import struct
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, Self, cast

from lab import wire
from lab.unmet import Unmet
from lab.wire import Message

TIMEOUT = 5.0  # seconds to wait for an answer: longer than any busy machine needs
FLOOD = 100_000  # messages to one client: many more than anybody here sends
FLOOD_BYTES = 64 * 2**20  # bytes of one connection: the same
KEPT = 1000  # messages that a client remembers which may run for a year
NO_NAME = ("name_taken", "bad_name", "full")  # codes: who is told one is not connected


class Server(Protocol):
    """Whatever can say where it listens."""

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port."""


class Refused(Unmet):
    """The server has refused the name of a client; ``code`` says why: name_taken."""

    def __init__(self, expected: str, error: Message) -> None:
        super().__init__(
            expected, f"a refusal: {error['code']} ({error.get('detail')})"
        )
        self.code: str = error["code"]


class Connection:
    """A connection to a server, as bytes; ``name`` says whose it is, if it is said."""

    def __init__(
        self, reader: StreamReader, writer: StreamWriter, name: str = ""
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.name = name
        self.socket: socket.socket = writer.get_extra_info("socket")
        self.address: tuple[str, int] = writer.get_extra_info("sockname")[:2]
        self.broken = False  # it was broken off, and did not end
        self.finished = False  # nothing more will be sent
        network = getattr(asyncio.get_running_loop(), "network", None) if name else None
        if network is not None:  # a simulation's, whose pictures show the name
            network.names[self.address] = name

    @classmethod
    async def open(
        cls, server: Server | tuple[str, int], name: str = ""
    ) -> "Connection":
        """Connect to a server, or to a host and a port; Unmet if there is no server."""
        host, port = server if isinstance(server, tuple) else server.address
        try:
            return cls(*await asyncio.open_connection(host, port), name)
        except (OSError, OverflowError, UnicodeError) as error:
            raise Unmet("a server that can be called", f"{error}") from error

    async def send(self, data: bytes) -> None:
        """Send bytes, and wait while too many of those sent before are still here.

        Unmet if the server has hung up.
        """
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            got = f"a closed connection ({error})"
            raise Unmet("the connection stays open", got) from error

    async def receive(self, most: int = 65536) -> bytes:
        """Return bytes that have come, at most so many; none when the server ended.

        A connection that broke has ended, too.
        """
        try:
            return await self._reader.read(most)
        except ConnectionError:
            self.broken = True
            return b""

    async def rest(self, timeout: float = TIMEOUT) -> bytes:
        """Return everything up to the end.

        Unmet if the server does not hang up, or sends more than FLOOD_BYTES.
        """
        data = bytearray()
        try:
            async with asyncio.timeout(timeout):
                while more := await self.receive():
                    data += more
                    if len(data) > FLOOD_BYTES:
                        got = f"a flood that begins with {bytes(data[:80])!r}"
                        raise Unmet("the server closes the connection", got)
        except TimeoutError as error:
            more = b"..." if len(data) > 80 else b""
            begin = bytes(data[:80]) + more
            received = f", and the bytes {begin!r}" if begin else ""
            got = f"it is still open after {timeout:g} s{received}"
            raise Unmet("the server closes the connection", got) from error
        return bytes(data)

    def pause(self) -> None:
        """Take nothing more off the socket, until ``go_on``: the sender has to wait."""
        self._transport().pause_reading()

    def go_on(self) -> None:
        """Read again, after ``pause``."""
        self._transport().resume_reading()

    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self._writer.transport)

    def finish(self) -> None:
        """Say that nothing more will be sent, and go on listening (half-close)."""
        self.finished = True
        self._writer.write_eof()

    def reset(self) -> None:
        """Break the connection off, as a crash or a pulled cable does (RST)."""
        # Linger for no time at all: the kernel throws away what is unsent.
        on_for_no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_for_no_time)
        self.abort()

    def hang_up(self) -> None:
        """Close the connection as soon as all is sent, and do not wait for that."""
        self._writer.close()

    def abort(self) -> None:
        """Let go of the connection at once, whatever is still to be sent."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Hang up, and wait until the socket is closed.

        What the server does not take in bounded time is thrown away.
        """
        self._writer.close()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._writer.wait_closed()
        except TimeoutError:
            self.abort()
        except ConnectionError:
            pass  # it was broken already: closed is closed


class Noted(NamedTuple):
    """A message that a client has sent or heard.

    ``moment`` counts these in their order, for all clients of the process: in a
    simulation, much happens at the same time. ``when`` is the time of the loop, in
    seconds.
    """

    moment: int
    when: float
    sent: bool
    message: Message


_moments = itertools.count()


class Client:
    """A client with a name, which speaks and hears messages.

    A task of its own reads what the server sends, so that a ``ping`` is answered even
    while nobody asks for a message. If ``answers`` is false it is heard as all others
    are, and that is all. ``log`` keeps every message of both directions with its time,
    for a picture afterwards: see ``lab.pictures.sequence``.

    ``async with`` hangs up at the end of the block, and ``async for`` yields what the
    server sends. If ``keep`` is a number, ``heard`` and ``log`` have only about so many
    messages, the last ones, and so many wait to be heard: a bot may run for a year.
    """

    def __init__(
        self,
        name: str,
        connection: Connection,
        timeout: float = TIMEOUT,
        keep: int | None = None,
    ) -> None:
        self.name = name
        self.connection = connection
        self.timeout = timeout
        self.answers = True  # every ping
        self.keep = keep
        self.log: list[Noted] = []  # both directions
        self.heard: list[Message] = []  # in the order they came
        self._unread: collections.deque[Message] = collections.deque(maxlen=keep)
        self._refused: Message | None = None  # the error with which our name was
        self._news = asyncio.Event()
        self._end: str | None = None  # why no more messages will come
        self._hung_up = self._cut = False
        self._listening = asyncio.create_task(self._listen(), name=f"{name} listens")

    def __repr__(self) -> str:
        return f"<Client {self.name}: {len(self.heard)} messages heard>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """Return the next message, however long it takes; stop when the server ends.

        Unmet if it breaks off in a message, or sends something else.
        """
        try:
            return await self._take("a message")
        except Unmet:
            if self._hung_up and not self._cut:
                raise StopAsyncIteration from None
            raise

    @property
    def end(self) -> str | None:
        """Why no more messages will come; None while some may."""
        return self._end

    async def send(self, message: Message) -> None:
        """Send any message; Unmet if the server has hung up."""
        if message.get("action") == "connect":
            self._refused = None
        self._log(message, sent=True)
        await self.connection.send(wire.encode(message))

    async def join(self, room: str) -> Message:
        """Join a room, and return the server's answer when it has come.

        Refused if the server has not taken our name, which it says by then.
        """
        await self.send({"action": "joinroom", "room": room})
        return await self._own("joinroom", room)

    async def leave(self, room: str) -> Message:
        """Leave a room, and return the server's answer when it has come."""
        await self.send({"action": "leaveroom", "room": room})
        return await self._own("leaveroom", room)

    async def say(self, room: str, text: str) -> None:
        """Say something in a room. Nobody confirms it: see what the others hear."""
        await self.send({"action": "chat", "room": room, "message": text})

    async def hear(self, action: str | None = None) -> Message:
        """Return the next message, or the next one with this action.

        Those passed over stay where they are, to be heard later. Unmet if none comes
        within the client's timeout, or the server hangs up first.
        """
        wanted = f"a message with the action {action!r}" if action else "a message"
        return await self._next(
            lambda message: action in (None, message.get("action")), wanted
        )

    async def hear_the_end(self) -> None:
        """Wait until the server has hung up; Unmet if it does not."""
        try:
            async with asyncio.timeout(self.timeout):
                await asyncio.shield(self._listening)
        except TimeoutError as error:
            got = f"it is still open after {self.timeout:g} s"
            raise Unmet("the server closes the connection", got) from error
        if not self._hung_up:
            raise Unmet("the server closes the connection", f"{self._end}")

    async def close(self) -> None:
        """Hang up."""
        await self.connection.close()
        await self._listening

    async def _own(self, action: str, room: str) -> Message:
        answer = {"action": action, "room": room, "from": self.name}
        words = f"the answer {json.dumps(answer)}"

        def wanted(message: Message) -> bool:
            if self._refused is not None:
                raise Refused(f"{words} for {self.name}", self._refused)
            return message.items() >= answer.items()

        return await self._next(wanted, words)

    async def _next(self, wanted: Callable[[Message], bool], words: str) -> Message:
        passed_over: list[Message] = []
        try:
            async with asyncio.timeout(self.timeout):
                while True:
                    passed_over.append(await self._take(words))
                    if wanted(passed_over[-1]):
                        return passed_over.pop()
        except TimeoutError as error:
            raise Unmet(f"{words} for {self.name}", self._instead(passed_over)) from (
                error
            )
        finally:
            if self.keep is None:
                self._unread.extendleft(reversed(passed_over))
            else:  # where there is no room for all, the oldest have to go
                waiting = [*passed_over, *self._unread]
                self._unread = collections.deque(waiting, self.keep)

    async def _take(self, words: str) -> Message:
        while not self._unread:
            if self._end is not None:
                raise Unmet(f"{words} for {self.name}", self._end)
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()

    def _instead(self, passed_over: list[Message]) -> str:
        others = " and ".join(json.dumps(message) for message in passed_over[:3])
        other = f" but {others}" if others else ""
        return f"nothing{other} within {self.timeout:g} s"

    async def _listen(self) -> None:
        decoder = wire.Decoder()
        size = 0
        try:
            while data := await self.connection.receive():
                size += len(data)
                for message in decoder.feed(data):
                    await self._note(message)
                if self.keep is None and (
                    size > FLOOD_BYTES or len(self.heard) > FLOOD
                ):
                    self._end = f"a flood: {len(self.heard)} messages, {size} bytes"
                    return
            self._hung_up = True
            self.connection.hang_up()  # who is told that it is over, has to answer
            cut = f" in the middle of a message ({decoder.waiting} bytes)"
            self._cut = bool(decoder.waiting)
            self._end = f"a closed connection{cut if self._cut else ''}"
        except ValueError as error:
            self._end = str(error)
        except Unmet as error:
            self._end = error.got
            self._hung_up = True
        finally:
            self._news.set()

    def _log(self, message: Message, *, sent: bool) -> None:
        now = asyncio.get_running_loop().time()
        self.log.append(Noted(next(_moments), now, sent, message))
        self._forget(self.log)

    def _forget(self, messages: list[Any]) -> None:
        """Remove the oldest, when there are twice as many as are to be kept."""
        if self.keep is not None and len(messages) >= 2 * self.keep:
            del messages[: -self.keep]

    async def _note(self, message: Message) -> None:
        self._log(message, sent=False)
        self.heard.append(message)
        self._forget(self.heard)
        if message.get("action") == "error" and message.get("code") in NO_NAME:
            self._refused = message
        if message.get("action") == "ping" and self.answers:
            if not self.connection.finished:
                await self.send({"action": "pong"})
        else:
            self._unread.append(message)
            self._news.set()


async def connect(
    server: Server | tuple[str, int],
    name: str,
    timeout: float = TIMEOUT,
    keep: int | None = None,
) -> Client:
    """Connect to a server and say who we are.

    The server is whatever ``lab.start`` returned, or a host and a port: of that client
    only KEPT messages are remembered, unless ``keep`` says how many. Unmet if there is
    no server. Whether it takes the name, it says with its answer to ``join``.
    """
    if keep is None and isinstance(server, tuple):
        keep = KEPT
    client = Client(name, await Connection.open(server, name), timeout, keep)
    await client.send({"action": "connect", "username": name})
    return client
