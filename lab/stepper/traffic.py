"""Notes the bytes of each connection: written, sent, received and read."""

import re
import weakref
from typing import Any

from lab.network import Observer
from lab.wire import HEADER

LONGEST = 110  # characters of a frame
BEGINS, ENDS = 70, 34  # of which so many are shown of a longer one

# What may be so of a direction of a connection; a number for all of them together.
PAUSED, FINISHED, CLOSED, BROKEN, UNREAD = 1, 2, 4, 8, 16


NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")  # control characters, for instance


class Direction:
    """One direction of a connection: four numbers of bytes that only grow."""

    def __init__(self) -> None:
        self.written = self.sent = self.received = 0
        self.seen = (0, 0, 0, 0, 0)
        self._unframed = bytearray()
        self._framed: bool | None = None  # not known yet
        self._at = 0

    def write(self, data: bytes) -> None:
        """Take note of what is written."""
        self.written += len(data)
        self._unframed += data

    def frames(self) -> list[tuple[int, int, str]]:
        """Return where the frames that are complete now begin and end, and their text.

        What does not look like the book's frames is as it was written in a moment.
        """
        data = self._unframed
        if self._framed is None and data:
            self._framed = data[HEADER : HEADER + 1] == b"{"
        found = []
        while data:
            size = len(data)
            if self._framed:
                size = HEADER + int.from_bytes(data[:HEADER], "little")
                if len(data) < max(size, HEADER):
                    break
            text = bytes(data[HEADER if self._framed else 0 : size])
            del data[:size]
            found.append((self._at, self._at + size, _brief(text)))
            self._at += size
        return found


class End:
    """One end of a connection."""

    def __init__(self, transport: Any, sock: Any) -> None:
        self.transport = weakref.ref(transport)
        self.sock = sock

    def unread(self) -> int:
        """Return how many bytes its StreamReader holds, if it has one."""
        transport = self.transport()
        if transport is None:
            return 0
        reader = getattr(transport.get_protocol(), "_stream_reader", None)
        return len(reader._buffer) if reader is not None else 0

    def flags(self) -> int:
        """Return what is so of what it writes."""
        sock, transport = self.sock, self.transport()
        state = FINISHED if sock._finished else 0
        state |= CLOSED if sock.closed else 0
        state |= BROKEN if sock._broken else 0
        if transport is not None:
            state |= PAUSED if transport._protocol_paused else 0
        return state

    def is_over(self) -> bool:
        """Whether nothing will change here any more."""
        return self.sock.closed and not self.unread()

    def does_not_read(self) -> bool:
        """Whether it takes nothing off the wire at present."""
        transport = self.transport()
        return (
            transport is not None
            and transport._socket is not None
            and not transport._reading
        )


class Joined:
    """A connection: the client's end and the server's, once each is known."""

    def __init__(self, client: tuple[str, int], opened_by: str) -> None:
        self.client = client  # the address of the client's end
        self.opened_by = opened_by  # the name of the task that did, if it has one
        self.ends: list[End | None] = [None, None]
        self.directions = (Direction(), Direction())  # from the client, from the server
        self.over = False


class Traffic(Observer):
    """All connections of a network, in the order in which they were made."""

    def __init__(self) -> None:
        self.connections: list[Joined] = []
        self._places: dict[Any, tuple[int, int]] = {}  # by the socket
        self._wrote: list[int] = []  # directions, in this moment
        self.opener = ""  # the name of the task that runs, if it has one
        self.ended = False  # nothing more is noted

    def connected(self, transport: Any, sock: Any) -> None:
        """Take note of an end; the first end of a connection makes the connection."""
        if self.ended:
            return
        side = 0 if transport._server is None else 1
        place, _ = self._places.get(sock.peer, (len(self.connections), 0))
        if place == len(self.connections):
            client = sock.peer_address if side else sock.address
            self.connections.append(Joined(client, ""))
        joined = self.connections[place]
        joined.ends[side] = End(transport, sock)
        joined.opened_by = joined.opened_by or (self.opener if side == 0 else "")
        self._places[sock] = place, side

    def wrote(self, transport: Any, data: bytes) -> None:
        """Take note of what is written."""
        if not self.ended and transport._socket in self._places:
            place, side = self._places[transport._socket]
            self.connections[place].directions[side].write(data)
            self._wrote.append(2 * place + side)

    def sent(self, sock: Any, data: bytes) -> None:
        """Take note of what is on the wire now."""
        if not self.ended and sock in self._places:
            place, side = self._places[sock]
            self.connections[place].directions[side].sent += len(data)

    def received(self, sock: Any, data: bytes) -> None:
        """Take note of what is off the wire now."""
        if not self.ended and sock in self._places:
            place, side = self._places[sock]
            self.connections[place].directions[1 - side].received += len(data)

    def is_under_way(self, number: int, _: int, end: int) -> bool:
        """Whether a frame of a direction, with its last byte, was not read yet."""
        joined = self.connections[number // 2]
        return not joined.over and end > joined.directions[number % 2].seen[3]

    def place(self, sock: Any) -> tuple[int, int] | None:
        """Return the number of a connection, and 0 for the client's end, 1 else."""
        return self._places.get(sock)

    def socket(self, transport: Any) -> Any:
        """Return the socket of a transport, of a closed one as well."""
        get = getattr(transport, "get_extra_info", None)
        return get("socket") if get is not None else None

    def frames(self) -> list[tuple[int, int, int, str]]:
        """Return the frames that were completed in this moment, with the direction."""
        wrote, self._wrote = list(dict.fromkeys(self._wrote)), []
        return [
            (number, *frame)
            for number in wrote
            for frame in self.connections[number // 2].directions[number % 2].frames()
        ]

    def changed(self) -> list[list[int]]:
        """Return what has changed, as a scene has it.

        That is the number of the direction, how many bytes more were written, sent,
        received and read, and what is so of it now.
        """
        found = []
        for number, joined in enumerate(self.connections):
            if joined.over:
                continue
            for side in (0, 1):
                now = _state(joined, side)
                direction = joined.directions[side]
                if now != direction.seen:
                    both = zip(now[:4], direction.seen[:4], strict=True)
                    more = [is_now - was for is_now, was in both]
                    found.append([2 * number + side, *more, now[4]])
                    direction.seen = now
            joined.over = all(end and end.is_over() for end in joined.ends)
        return found


def _state(joined: Joined, side: int) -> tuple[int, int, int, int, int]:
    direction, near, far = (
        joined.directions[side],
        joined.ends[side],
        joined.ends[1 - side],
    )
    unread = far.unread() if far is not None else 0
    flags = near.flags() if near is not None else 0
    if far is not None and far.does_not_read():
        flags |= UNREAD
    received = direction.received
    return direction.written, direction.sent, received, received - unread, flags


def _visible(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _brief(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace")
    if NO_TEXT.search(text[:BEGINS]):
        return f"{len(payload)} bytes: {payload[:8].hex(' ')} …"
    if not text.isprintable():
        text = "".join(map(_visible, text))
    return text if len(text) <= LONGEST else f"{text[:BEGINS]} … {text[-ENDS:]}"
