"""RESP, the protocol of Redis and Valkey, as far as PUBLISH and SUBSCRIBE need it."""

from collections.abc import Iterator

from bench.wires.chat import what_was_said
from bench.wires.wire import Line, Said, Wire, WireError, document

END = b"\r\n"


class Resp(Wire):
    """Spoken by Valkey. Who has subscribed hears nothing but what was published.

    One who published on the same connection would hear it, too. So the publishers have
    connections of their own.
    """

    speaks_apart = True

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Subscribe to the room, and wait for the answer to that."""
        line.send(command(b"SUBSCRIBE", room.encode()))
        yield
        if b"subscribe" not in (answer := line.frame()):
            raise WireError(f"not let in: {answer!r}")

    def enter_apart(self, line: Line, name: str) -> Iterator[None]:
        """Do nothing: whoever has connected may publish."""
        yield

    def say(self, said: Said) -> bytes:
        """Publish the finished message: the server puts nothing in."""
        return command(b"PUBLISH", said.room.encode(), document(said))

    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return the size of a reply, with all that is in it."""
        end = _end(data, start)
        return end - start if end > 0 else 0

    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the reply is a message."""
        if frame[:1] == b"-":
            raise WireError(f"it says {frame!r}")
        parts = frame.split(END)
        return what_was_said(parts[6]) if parts[2] == b"message" else None

    def answered(self, data: bytes) -> None:
        """Look at what a publisher is told: how many have heard it, and no error."""
        if b"-" in data:
            raise WireError(f"it says {data[:160]!r}")


def command(*words: bytes) -> bytes:
    """Return a command with its arguments."""
    parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%b" % (len(words), b"".join(parts))


def _end(data: bytes | bytearray, start: int) -> int:
    """Return where the value that starts there ends; 0 if it is not complete."""
    line = data.find(END, start)
    if line < 0:
        return 0
    after = line + len(END)
    kind = data[start : start + 1]
    if kind == b"$":
        after += int(data[start + 1 : line]) + len(END)
        return after if after <= len(data) else 0
    if kind == b"*":
        for _ in range(int(data[start + 1 : line])):
            if not (after := _end(data, after)):
                return 0
    return after
