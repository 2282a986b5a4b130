"""The same JSON messages over a WebSocket, RFC 6455, as far as a benchmark needs it."""

import json
from collections.abc import Iterator

from bench.wires.chat import entering, has_entered, what_was_said
from bench.wires.wire import Line, Said, Wire, WireError

TEXT = 0x81  # first byte of a text message that is one frame
MASKED = 0x80
# A mask of zeros is a mask: the server has the same work with it as with any other.
MASK = bytes(4)
OF_16_BITS, OF_64_BITS = 126, 127  # instead of a size: it follows, in so many bits

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


class WebSocket(Wire):
    """Spoken by the peer ``websockets``."""

    def enter(self, line: Line, name: str, room: str) -> Iterator[None]:
        """Upgrade the connection, then enter as in the book's own protocol."""
        line.send(UPGRADE)
        yield
        answer = line.until(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise WireError(f"no upgrade: {answer[:80]!r}")
        for message in entering(name, room):
            line.send(masked(json.dumps(message).encode()))
        yield
        while not has_entered(payload(line.frame()), name):
            pass

    def say(self, said: Said) -> bytes:
        """Return a text frame with a ``chat`` message."""
        message = {"action": "chat", "room": said.room, "message": said.text}
        return masked(json.dumps(message).encode())

    def size(self, data: bytes | bytearray, start: int) -> int:
        """Return what the header says, and the header's own size."""
        header = 2
        if len(data) - start < header:
            return 0
        size = data[start + 1]
        if size >= OF_16_BITS:
            header = 4 if size == OF_16_BITS else 10
            size = int.from_bytes(data[start + 2 : start + header], "big")
        return header + size if header <= len(data) - start >= header + size else 0

    def heard(self, frame: bytes) -> Said | None:
        """Return what was said if the frame is text and the message a ``chat``."""
        if frame[0] != TEXT:
            raise WireError(f"it sent a frame that is no text: {frame[:80]!r}")
        return what_was_said(payload(frame))


def masked(data: bytes) -> bytes:
    """Return the text frame by which a client sends so many bytes."""
    if len(data) < OF_16_BITS:
        size = bytes([MASKED | len(data)])
    elif len(data) < 1 << 16:
        size = bytes([MASKED | OF_16_BITS]) + len(data).to_bytes(2, "big")
    else:
        size = bytes([MASKED | OF_64_BITS]) + len(data).to_bytes(8, "big")
    return bytes([TEXT]) + size + MASK + data


def payload(frame: bytes) -> bytes:
    """Return what is in a frame that the server has sent, which is not masked."""
    header = {OF_16_BITS: 4, OF_64_BITS: 10}.get(frame[1], 2)
    return frame[header:]
