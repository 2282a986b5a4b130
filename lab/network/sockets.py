"""The system's part of the network: sockets, and the link between two of them.

A socket never blocks. ``send`` takes what there is room for, ``recv`` gives what has
come, and both raise BlockingIOError where a real one would make the caller wait. Who
wants to wait asks to be called back when there is something to read, or room to write.
"""

import collections
import contextvars
import enum
import errno
import os
import socket
import struct
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Sequence

from lab.network.observer import Observer

CAPACITY = 64 * 1024  # bytes in one direction: sent, and not yet read at the other end

Address = tuple[str, int]
# What a socket says of itself: an address of IPv6 has two numbers more.
Name = tuple[str, int] | tuple[str, int, int, int]


class Sign(enum.Enum):
    """What goes over a link beside bytes."""

    END = "end"  # no more will come (FIN)
    RESET = "reset"  # the connection is broken off (RST)
    LOST = "lost"  # nothing that was sent has been answered for a quarter of an hour


Portion = bytes | Sign


def failure(number: int) -> OSError:
    """Return the exception that Python raises for an error number of the system."""
    return OSError(number, os.strerror(number))


class Watched:
    """Calls back when it is ready, once in a turn of the loop for as long as it is.

    A real loop asks a selector about all its sockets; each of these asks for itself.
    """

    def __init__(self, loop: AbstractEventLoop, ready: Callable[[], bool]) -> None:
        self._loop = loop
        self._ready = ready
        self._callback: Callable[[], None] | None = None
        self._context: contextvars.Context | None = None
        self._scheduled = False

    def start(self, callback: Callable[[], None]) -> None:
        """Call back from now on."""
        self._callback = callback
        # The context of whoever watches. Without it the callback would run in that of
        # whoever has made it ready: a server in that of its client.
        self._context = contextvars.copy_context()
        self.look()

    def stop(self) -> None:
        """Call back no more."""
        self._callback = None

    def look(self) -> None:
        """See whether it is ready now; to be called whenever it may have become so."""
        if self._callback is not None and not self._scheduled and self._ready():
            self._scheduled = True
            self._loop.call_soon(self._call, context=self._context)

    def _call(self) -> None:
        self._scheduled = False
        if self._callback is not None and self._ready():
            self._callback()
            self.look()


class Link:
    """What lies between two sockets. This one loses no time and no bytes."""

    alive = True  # something arrives, acknowledgements among it

    def join(self, near: "Socket", far: "Socket") -> None:
        """Lie between these two."""

    def carry(self, receiver: "Socket", portion: Portion) -> None:
        """Take something to one of the two."""
        receiver.arrive(portion)


# What a socket of asyncio's says of its options before somebody has set them. The
# Python of a page does not know all of their names.
_SAID = {
    "SO_TYPE": socket.SOCK_STREAM.value,
    "SO_REUSEADDR": 1,
    "SO_SNDBUF": CAPACITY,
    "SO_RCVBUF": CAPACITY,
}
OPTIONS = {
    (socket.SOL_SOCKET, getattr(socket, name)): value
    for name, value in _SAID.items()
    if hasattr(socket, name)
}
OPTIONS[socket.IPPROTO_TCP, getattr(socket, "TCP_NODELAY", 1)] = 1


def named(address: Address) -> Name:
    """Return an address as a socket gives it: of IPv6, four things."""
    return (*address, 0, 0) if ":" in address[0] else address


class Named:
    """What every socket can tell about itself.

    ``note`` is told of what a real one has and this one has not.
    """

    type = socket.SOCK_STREAM
    proto = 0

    def __init__(
        self,
        name: Address,
        peername: Address | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self._name = name
        self._peername = peername
        self._note = note
        self._options: dict[tuple[int, int], int | bytes] = {}

    def __getattr__(self, name: str) -> object:
        note = vars(self).get("_note")
        if note and not name.startswith("_") and hasattr(socket.socket, name):
            note(f"{name}() of a socket")
        raise AttributeError(f"a socket of the network in memory has no {name!r}")

    @property
    def family(self) -> socket.AddressFamily:
        """The kind of its address."""
        return socket.AF_INET6 if ":" in self._name[0] else socket.AF_INET

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name} to {self._peername}>"

    def fileno(self) -> int:
        """Return -1: it is no file."""
        return -1

    @property
    def address(self) -> Address:
        """The host and the port of this end."""
        return self._name

    @property
    def peer_address(self) -> Address | None:
        """The host and the port of the other end, if there is one."""
        return self._peername

    def getsockname(self) -> Name:
        """Return the host and the port of this end; of IPv6, two numbers more."""
        return named(self._name)

    def getpeername(self) -> Name:
        """Return the same of the other end; OSError if there is none."""
        if self._peername is None:
            raise failure(errno.ENOTCONN)
        return named(self._peername)

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Remember it, and no more: most options are about things that are not here."""
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        """Return an option as it was set, else as real sockets have it; mostly 0.

        With a ``size``, what comes is bytes, so many at most.
        """
        value = self._options.get((level, option), OPTIONS.get((level, option), 0))
        if isinstance(value, bytes):
            return value[:size] if size else int.from_bytes(value, sys.byteorder)
        return struct.pack("i", value)[:size] if size else value

    def setblocking(self, flag: bool) -> None:
        """Do nothing for False; ValueError for True, as of a socket of asyncio's."""
        if flag:
            raise ValueError("setblocking(): the socket cannot be blocking")

    def settimeout(self, value: float | None) -> None:
        """Do nothing for 0; ValueError for all others, as of a socket of asyncio's."""
        if value != 0:
            raise ValueError("settimeout(): only 0 timeout is allowed on this socket")

    def gettimeout(self) -> float:
        """Return 0: it never blocks."""
        return 0.0


class Socket(Named):
    """One end of a connection."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        name: Address,
        peername: Address,
        capacity: int = CAPACITY,
        observers: Sequence[Observer] = (),
    ) -> None:
        super().__init__(name, peername, getattr(loop, "note", None))
        self.observers = observers
        self.reader = Watched(loop, self._readable)
        self.writer = Watched(loop, self._writable)
        self.closed = False
        self.capacity = capacity
        self.on_the_way = 0  # bytes sent from here, and not read at the other end
        self._arrived: collections.deque[bytes] = collections.deque()
        self._ended = False  # the other end will send no more
        self._finished = False  # this end will send no more
        self._broken = False
        self._error: int | None = None  # to be raised once, by whoever asks first
        self._lingers = True
        self.sends = 0  # how often something was sent from here
        self.writes = 0  # how often the transport above was given something to send
        self.most_kept = 0  # bytes, at most, that the transport above has kept
        self.link: Link
        self.peer: Socket
        self._when_closed: Callable[[Socket], None] = lambda _: None

    def connect(
        self, peer: "Socket", link: Link, when_closed: Callable[["Socket"], None]
    ) -> None:
        """Join this end to the other one."""
        self.peer, self.link, self._when_closed = peer, link, when_closed

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Heed SO_LINGER with no time at all: then ``close`` breaks off (RST)."""
        super().setsockopt(level, option, value)
        if option == socket.SO_LINGER and isinstance(value, bytes):
            on, seconds = struct.unpack("hh" if len(value) == 4 else "ii", value)
            self._lingers = not (on and seconds == 0)

    def send(self, data: bytes) -> int:
        """Send what there is room for, and return how many bytes that is.

        BlockingIOError if there is no room; another OSError if the connection is
        broken, or was finished from here.
        """
        return self.sendmsg([data])

    def sendmsg(self, buffers: Iterable[bytes | memoryview]) -> int:
        """Do as ``send`` does with several pieces, as if they were one.

        What there is no room for is neither copied nor looked at.
        """
        self._raise_error()
        if self._broken or self._finished:
            raise failure(errno.EPIPE)
        room = self.capacity - self.on_the_way
        if room <= 0:
            raise failure(errno.EAGAIN)
        taken = _beginning(buffers, room)
        self.sends += 1
        self.on_the_way += len(taken)
        for observer in self.observers:
            observer.sent(self, taken)
        self.link.carry(self.peer, taken)
        return len(taken)

    def recv(self, most: int) -> bytes:
        """Return what has come, at most so many bytes; none at the end of the stream.

        BlockingIOError if nothing has come; another OSError if the connection broke.
        What came before it broke can still be read.
        """
        if not self._arrived:
            self._raise_error()
            if self._ended or self._broken:
                return b""
            raise failure(errno.EAGAIN)
        data = self._take(most)
        for observer in self.observers:
            observer.received(self, data)
        if self.link.alive:  # or the news of the room could not get there
            self.peer.on_the_way -= len(data)
            self.peer.writer.look()
        return data

    def shutdown(self, how: int) -> None:
        """Send no more, and go on reading (SHUT_WR)."""
        if not self._finished and not self._broken:
            self._finished = True
            self.link.carry(self.peer, Sign.END)

    def close(self) -> None:
        """Let go of this end.

        The other one sees the end of the stream; or a reset, if something that it sent
        was never read here, for then it has been told too much.
        """
        if self.closed:
            return
        self.closed = True
        self.reader.stop()
        self.writer.stop()
        if not self._broken:
            if self._arrived or not self._lingers:
                self.link.carry(self.peer, Sign.RESET)
            elif not self._finished:
                self.link.carry(self.peer, Sign.END)
        self._finished = True
        self._arrived.clear()
        self._when_closed(self)

    def arrive(self, portion: Portion) -> None:
        """Take what the link brings."""
        if self.closed:
            # Nobody is here. Whoever sends words (and not just its end) is told.
            if isinstance(portion, bytes):
                self.link.carry(self.peer, Sign.RESET)
        elif not self._broken:
            if isinstance(portion, bytes):
                self._arrived.append(portion)
            elif portion is Sign.END:
                self._ended = True
            else:
                self._break(portion)
            self.reader.look()

    def _break(self, sign: Sign) -> None:
        self._broken = True
        # As Linux has it: a pipe is broken for whoever went on after the other's end.
        half_closed = self._ended and not self._finished
        after_reset = errno.EPIPE if half_closed else errno.ECONNRESET
        self._error = errno.ETIMEDOUT if sign is Sign.LOST else after_reset
        self.on_the_way = 0
        self.writer.look()

    def _raise_error(self) -> None:
        if self._error is not None:
            number, self._error = self._error, None
            raise failure(number)

    def _take(self, most: int) -> bytes:
        arrived = self._arrived
        if len(arrived) == 1 and len(arrived[0]) <= most:
            return arrived.popleft()
        data = b"".join(arrived)
        arrived.clear()
        if len(data) > most:
            arrived.append(data[most:])
        return data[:most]

    def _readable(self) -> bool:
        return bool(self._arrived) or self._ended or self._broken

    def _writable(self) -> bool:
        return self.on_the_way < self.capacity or self._broken


def _beginning(buffers: Iterable[bytes | memoryview], most: int) -> bytes:
    """Return the first bytes of all these together, at most so many."""
    pieces = []
    for buffer in buffers:
        pieces.append(buffer[:most])
        most -= len(pieces[-1])
        if not most:
            break
    # A link tells bytes from signs by their type: a view would be taken for a reset.
    return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)


class Listener(Named):
    """A socket that listens: a queue of those who have knocked."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        name: Address,
        when_closed: Callable[["Listener"], None],
    ) -> None:
        super().__init__(name, None, getattr(loop, "note", None))
        self.chosen = False  # it was asked for with the port that somebody chose
        self.listening = False
        self.knocks = Watched(loop, lambda: bool(self._queue))
        self._queue: collections.deque[Socket] = collections.deque()
        self._when_closed = when_closed

    def listen(self, backlog: int) -> None:
        """Let others knock from now on."""
        self.listening = True

    def knock(self, caller: Socket) -> None:
        """Put the server's end of a connection into the queue."""
        self._queue.append(caller)
        self.knocks.look()

    def dup(self) -> "Listener":
        """Return this, for there is no descriptor to be had twice."""
        return self

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing: whoever has a socket twice closes one of the two."""

    def accept(self) -> Socket:
        """Return the end of whoever has waited longest; BlockingIOError if nobody."""
        if not self._queue:
            raise failure(errno.EAGAIN)
        return self._queue.popleft()

    def close(self) -> None:
        """Listen no more. Whoever still waits to be let in is reset."""
        self.listening = False
        self.knocks.stop()
        while self._queue:
            waiting = self._queue.popleft()
            waiting.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            waiting.close()
        self._when_closed(self)
