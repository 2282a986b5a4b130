"""The client protocol of NATS, as far as PUB and SUB need it."""

import json
from collections.abc import Iterator

from bench.wires.chat import what_was_said
from bench.wires.wire import Line, Said, Wire, WireError, document

END = b"\r\n"
# No echo: who publishes does not hear it. Not verbose: no "+OK" after each command.
OPTIONS = {"echo": False, "verbose": False, "pedantic": False}


class Nats(Wire):
    """Spoken by NATS, whose members publish and hear on one connection."""

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Subscribe to the room; then wait until the server has measured the way.

        Some two seconds after somebody has come, and then no more for minutes, the
        server sends a PING. Among the messages it would upset the count.
        """
        line.send(b"CONNECT %b\r\n" % json.dumps(OPTIONS).encode())
        line.send(b"SUB %b 1\r\nPING\r\n" % room.encode())
        yield
        while (answer := line.frame()) != b"PING\r\n":
            if not answer.startswith((b"INFO ", b"PONG\r\n")):
                raise WireError(f"not let in: {answer!r}")
        line.send(b"PONG\r\n")

    def say(self, said: Said) -> bytes:
        """Publish the finished message: the server puts nothing in."""
        text = document(said)
        return b"PUB %b %d\r\n%b\r\n" % (said.room.encode(), len(text), text)

    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return the size of a line, and of the payload that it announces."""
        line = data.find(END, start)
        if line < 0:
            return 0
        size = line + len(END) - start
        if data.startswith(b"MSG ", start):
            size += int(data[data.rindex(b" ", start, line) : line]) + len(END)
        return size if len(data) - start >= size else 0

    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the frame is a message."""
        if frame.startswith(b"-ERR"):
            raise WireError(f"it says {frame!r}")
        head, _, text = frame.partition(END)
        return what_was_said(text) if head.startswith(b"MSG ") else None
