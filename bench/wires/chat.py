"""The protocol of this book: a header of three bytes, and JSON."""

import json
from collections.abc import Iterator
from typing import Any

from bench.wires.wire import Line, Said, Wire, WireError, document
from lab.wire import HEADER, encode, frame


def entering(name: str, room: str) -> list[dict[str, Any]]:
    """Return the messages by which somebody enters a room."""
    return [
        {"action": "connect", "username": name},
        {"action": "joinroom", "room": room},
    ]


def has_entered(payload: bytes, name: str) -> bool:
    """Return whether this is the answer to somebody's own ``joinroom``."""
    message = json.loads(payload)
    return bool(message["action"] == "joinroom" and message["from"] == name)


def what_was_said(payload: bytes) -> Said | None:
    """Return what a message says, None if nobody has spoken; WireError for an error."""
    message = json.loads(payload)
    if message["action"] in ("error", "bye"):
        raise WireError(f"it says {payload.decode()}")
    if message["action"] != "chat":
        return None
    return Said(message["from"], message["room"], message["message"])


class Chat(Wire):
    """Spoken by the steps from 05 on, by the bare loops and by the server in C."""

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Say who it is, join, and wait for the answer to that."""
        line.send(b"".join(map(encode, entering(name, room))))
        yield
        while not has_entered(line.frame()[HEADER:], name):
            pass  # somebody else's coming, or a greeting

    def say(self, said: Said) -> bytes:
        """Return a ``chat`` message; the server knows whose it is."""
        return encode({"action": "chat", "room": said.room, "message": said.text})

    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return what the header says, and the header's own size."""
        size = HEADER + int.from_bytes(data[start : start + HEADER], "little")
        return size if HEADER <= len(data) - start >= size else 0

    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the message is a ``chat``."""
        return what_was_said(frame[HEADER:])


class Relay(Chat):
    """The same frames, for servers that pass on what they get: the bare loops."""

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Send a first frame, which is sent back: so the connection is known there."""
        hello = encode({"action": "joinroom", "room": room, "from": name})
        line.send(hello)
        yield
        while line.frame() != hello:
            pass

    def say(self, said: Said) -> bytes:
        """Send the finished message: the server puts nothing in."""
        return frame(document(said))
