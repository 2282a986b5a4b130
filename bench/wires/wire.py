"""What the generator has to know of a protocol, and nothing more."""

import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

CHUNK = 65536  # bytes taken from a socket at a time while a connection is set up


class WireError(Exception):
    """The other side sent what it should not, hung up, or fell silent; see the text."""


class Said(NamedTuple):
    """What a delivery says: who spoke, in which room, and the words."""

    name: str
    room: str
    text: str


def document(said: Said) -> bytes:
    """Return the finished message, for a server that puts nothing in.

    It has the length of what a server of ours makes of what it is sent.
    """
    name, room, text = said
    message = {"action": "chat", "room": room, "message": text, "from": name}
    return json.dumps(message).encode()


class Wire(ABC):
    """One protocol: how to enter a room, to speak in it, and to hear what was said."""

    speaks_apart = False  # who publishes needs a connection that hears nothing
    timeout = 20.0  # seconds that a server may take to let one member in

    @abstractmethod
    def enter(self, line: "Line", name: str, room: str) -> Iterator[None]:
        """Bring a new connection into a room, and wait until that is confirmed.

        Yields each time that it has sent something and is going to wait: others may
        go as far first, so that many come in at once. WireError if it is refused.
        """

    def enter_apart(self, line: "Line", name: str) -> Iterator[None]:
        """Prepare a new connection that publishes only, in the same way."""
        raise NotImplementedError

    @abstractmethod
    def say(self, said: Said) -> bytes:
        """Return the bytes by which a member says something."""

    @abstractmethod
    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return the size of the frame that starts there; 0 if it is not complete."""

    @abstractmethod
    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the frame is a delivery, None if it is not.

        Raises WireError for an error that the server reports.
        """

    def answered(self, data: bytes) -> None:
        """Look at what one who publishes apart gets back; WireError for an error."""
        raise NotImplementedError


class Line:
    """A connection while it is being set up: blocking, with what has come unread."""

    def __init__(self, connected: socket.socket, wire: Wire) -> None:
        self.socket = connected
        self.wire = wire
        self.buffer = bytearray()
        connected.settimeout(wire.timeout)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def more(self) -> None:
        """Wait for more bytes; WireError if there are none in time, or at all."""
        try:
            data = self.socket.recv(CHUNK)
        except OSError as error:
            raise WireError(f"no answer: {error}") from error
        if not data:
            raise WireError("it hung up")
        self.buffer += data

    def until(self, mark: bytes) -> bytes:
        """Read up to and including a mark, and return that."""
        while mark not in self.buffer:
            self.more()
        return self._take(self.buffer.index(mark) + len(mark))

    def frame(self) -> bytes:
        """Read one frame."""
        while not (size := self.wire.size(self.buffer, 0)):
            self.more()
        return self._take(size)

    def hear(self) -> tuple[Said, bytes]:
        """Read on to the next delivery, and return it with its frame."""
        while True:
            frame = self.frame()
            if said := self.wire.heard(frame):
                return said, frame

    def _take(self, size: int) -> bytes:
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data
