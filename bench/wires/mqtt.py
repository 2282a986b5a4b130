"""MQTT 5.0, as far as PUBLISH at quality of service 0 and SUBSCRIBE need it."""

from collections.abc import Iterator

from bench.wires.chat import what_was_said
from bench.wires.wire import Line, Said, Wire, WireError, document

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x82, 0x90
DISCONNECT = 0xE0
CLEAN_START = 0x02
NO_LOCAL = 0x04  # who publishes does not hear it
NO_PROPERTIES = b"\0"
ACCEPTED = 0x80  # a reason code below this one says that it was


class Mqtt(Wire):
    """Spoken by mosquitto, whose members publish and hear on one connection."""

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Connect and subscribe to the room, and wait for the answers."""
        hello = string("MQTT") + bytes([5, CLEAN_START, 0, 0]) + NO_PROPERTIES
        line.send(packet(CONNECT, hello + string(name)))
        line.send(
            packet(
                SUBSCRIBE, b"\0\1" + NO_PROPERTIES + string(room) + bytes([NO_LOCAL])
            )
        )
        yield
        for kind in (CONNACK, SUBACK):
            answer = line.frame()
            reason = answer[3] if kind == CONNACK else answer[-1]
            if answer[0] != kind or reason >= ACCEPTED:
                raise WireError(f"not let in: {answer!r}")

    def say(self, said: Said) -> bytes:
        """Publish the finished message: the server puts nothing in."""
        return packet(PUBLISH, string(said.room) + NO_PROPERTIES + document(said))

    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return the size of a packet: seven bits of it in each byte of its header."""
        size = 0
        for number, byte in enumerate(data[start + 1 : start + 5]):
            size |= (byte & 0x7F) << 7 * number
            if byte < 0x80:
                size += 2 + number
                return size if len(data) - start >= size else 0
        return 0

    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the packet is a PUBLISH."""
        if frame[0] & 0xF0 == DISCONNECT:
            raise WireError(f"it says goodbye: {frame!r}")
        return (
            what_was_said(frame[frame.index(b"{") :])
            if frame[0] & 0xF0 == PUBLISH
            else None
        )


def string(text: str) -> bytes:
    """Return a text with its length before it."""
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def packet(kind: int, rest: bytes) -> bytes:
    """Return a packet of that kind, with its size."""
    size, left = bytearray(), len(rest)
    while left >= 0x80:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    size.append(left)
    return bytes([kind]) + size + rest
