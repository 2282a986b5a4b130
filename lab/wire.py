"""The wire as ``docs/protocol.rst`` defines it, written a second time on purpose.

The steps bring their own framing. If the instruments used it as well, a mistake in it
would cancel itself out, and nothing that judges a server would notice.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEADER = 3  # bytes: the size of the payload, an unsigned integer, lowest byte first
LARGEST = 2 ** (8 * HEADER) - 1  # bytes: the largest payload that the header can name

Message = dict[str, Any]

TO_SERVER = "From the client to the server"
TO_ASKER = "From the server to the client that asked"
TO_OTHERS = "From the server to everyone else in the room"
TO_ALL = "From the server to every client"
TO_SILENT = "From the server to a client of whom it has heard nothing for a while"


@dataclass(frozen=True)
class Kind:
    """One kind of message: what it is for, its fields, and since which step it is sent.

    ``fields`` maps each name to the type of its value; every field has to be there.
    """

    direction: str
    action: str
    fields: dict[str, type]
    meaning: str
    since: str


# The one definition of the wire. The table on the protocol page is made of it, and
# what the checker hears from a server is compared with it.
KINDS = (
    Kind(TO_SERVER, "connect", {"username": str}, "This is who I am.", "server03"),
    Kind(
        TO_SERVER, "joinroom", {"room": str}, "I want to be in this room.", "server03"
    ),
    Kind(TO_SERVER, "leaveroom", {"room": str}, "I want to leave it.", "server03"),
    Kind(
        TO_SERVER,
        "chat",
        {"room": str, "message": str},
        "I say this in the room.",
        "server03",
    ),
    Kind(TO_SERVER, "pong", {}, "I am still here.", "server10"),
    Kind(TO_ASKER, "joinroom", {"room": str, "from": str}, "It is done.", "server04"),
    Kind(TO_ASKER, "leaveroom", {"room": str, "from": str}, "It is done.", "server04"),
    Kind(
        TO_ASKER,
        "joinroom",
        {"room": str, "from": str, "members": list},
        "It is done, and these are the names of all who are in the room now.",
        "server05",
    ),
    Kind(
        TO_ASKER,
        "error",
        {"code": str, "detail": str},
        "Your message was refused. The codes are below.",
        "server08",
    ),
    Kind(
        TO_OTHERS,
        "joinroom",
        {"room": str, "from": str},
        "They have joined.",
        "server05",
    ),
    Kind(
        TO_OTHERS,
        "leaveroom",
        {"room": str, "from": str},
        "They have left, or their connection has ended.",
        "server05",
    ),
    Kind(
        TO_OTHERS,
        "chat",
        {"room": str, "message": str, "from": str},
        "They have said this.",
        "server05",
    ),
    Kind(
        TO_ALL,
        "bye",
        {"reason": str},
        "It is over: the end of the stream follows.",
        "server07",
    ),
    Kind(TO_SILENT, "ping", {}, "Are you still there? Answer with pong.", "server10"),
)


def frame(payload: bytes) -> bytes:
    """Put the header before a payload; OverflowError if it is larger than LARGEST."""
    return len(payload).to_bytes(HEADER, "little") + payload


def encode(message: Message) -> bytes:
    """Return the frame that carries a message."""
    return frame(json.dumps(message).encode())


class Decoder:
    """Takes bytes in any portions and gives back the messages in them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield each message that is complete now.

        Raises ValueError, with the bytes in its text, for a payload that is no JSON
        object.
        """
        self._buffer += data
        while (payload := self._take_payload()) is not None:
            try:
                message = json.loads(payload)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{payload[:80]!r}, which is not JSON") from error
            if not isinstance(message, dict):
                raise ValueError(f"{payload[:80]!r}, which is not a JSON object")
            yield message

    @property
    def waiting(self) -> int:
        """How many bytes of a message that is not complete have come so far."""
        return len(self._buffer)

    def _take_payload(self) -> bytes | None:
        end = HEADER + int.from_bytes(self._buffer[:HEADER], "little")
        if len(self._buffer) < HEADER or len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[HEADER:end])
        del self._buffer[:end]
        return payload
