"""Wrong on purpose: reads what the header announces, and then sees that it is too much.

Twin of: utils02
Breaks: a_payload_is_refused_before_it_comes
"""

import json
import unicodedata
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncGenerator
from typing import Any

HEADER = 3  # bytes: the size of the payload, an unsigned integer, lowest byte first

# Bytes of a payload. The header could say 16 MiB, and whoever only says so would be
# given the memory; with 64 KiB, a thousand of them come to 64 MiB.
MAX_PAYLOAD = 2**16
# Bytes that a text may take in a payload, as UTF-8 and with what JSON has to escape.
# The other half is more than enough for a room, a name and the names of the fields.
MAX_TEXT = 2**15
MAX_NAME = 32  # code points: a full name in any script, and no line of a log is longer
MAX_ROOM = 64  # code points: a short title
MAX_MEMBERS = 400  # names that a list can carry in one payload, the longest ones too

# The fields that each action needs. All of them are strings.
FIELDS = {
    "connect": ("username",),
    "joinroom": ("room",),
    "leaveroom": ("room",),
    "chat": ("room", "message"),
}

# Every way in which a message can be refused: the code for programs, and a sentence.
ERRORS = {
    "too_large": f"A payload has at most {MAX_PAYLOAD} bytes.",
    "not_utf8": "The payload is not UTF-8.",
    "not_json": "The payload is not JSON, or has a name twice.",
    "not_an_object": "The payload is JSON, but not an object.",
    "unknown_action": "There is no such action.",
    "missing_field": "A field that this action needs is missing.",
    "not_a_string": "A field that has to be a string is something else.",
    "bad_name": f"A name has 1 to {MAX_NAME} characters, none of them invisible.",
    "bad_room": f"A room has 1 to {MAX_ROOM} characters, none of them invisible.",
    "bad_text": f"A text takes at most {MAX_TEXT} bytes as JSON, and is valid UTF-8.",
    "not_connected": "Say connect first.",
    "already_connected": "You have said connect already.",
    "name_taken": "Somebody here has this name already.",
    "not_in_room": "You are not in this room.",
    "too_many_errors": "Too many messages in a row had to be refused.",
}

# Control, format and surrogate characters, and those that end a line or a paragraph:
# with these a name could overwrite a terminal, or look like another one.
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Refused(Exception):
    """A message, or a frame, is not as it has to be; ``code`` is one of ERRORS."""

    def __init__(self, code: str) -> None:
        super().__init__(ERRORS[code])
        self.code = code

    @property
    def message(self) -> dict[str, Any]:
        """What the one who sent it is told."""
        return {"action": "error", "code": self.code, "detail": ERRORS[self.code]}


async def new_payloads(reader: StreamReader) -> AsyncGenerator[bytes, None]:
    """Yield each payload that arrives, until the connection ends.

    Raises Refused for one that is too large, before any of it is read.
    """
    try:
        while True:
            header = await reader.readexactly(HEADER)
            payload = await reader.readexactly(int.from_bytes(header, "little"))
            size_in(header)
            yield payload
    except (IncompleteReadError, OSError):
        return  # the connection is dead


def size_in(header: bytes) -> int:
    """Return the size that a header names; Refused if it is more than MAX_PAYLOAD."""
    size = int.from_bytes(header, byteorder="little")
    if size > MAX_PAYLOAD:
        raise Refused("too_large")
    return size


def parse(payload: bytes) -> dict[str, str]:
    """Return the message in a payload: an action that we know, and all its fields.

    Whatever else the payload has is left out. Names and rooms are trimmed. Refused if
    anything is not as it has to be.
    """
    message = _json_object(payload)
    action = message.get("action")
    if not isinstance(action, str) or action not in FIELDS:
        raise Refused("unknown_action")
    fields = {name: _string(message, name) for name in FIELDS[action]}
    for name, value in fields.items():
        fields[name] = CHECKS[name](value)
    return {"action": action, **fields}


def encode(message: dict[str, Any]) -> bytes:
    """Return the frame that carries a message.

    OverflowError if its payload is larger than the header can say.
    """
    payload = ENCODER.encode(message).encode()
    return len(payload).to_bytes(HEADER, byteorder="little") + payload


def folded(name: str) -> str:
    """Return what is the same for a name in capitals, in wide letters, and so on.

    NFKC is the form of Unicode that has one way only to write a letter. Different
    letters that look alike stay different.
    """
    caseless = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", caseless)  # to fold may undo it


def _json_object(payload: bytes) -> dict[str, Any]:
    try:
        # JSON is UTF-8 on this wire. Given bytes, json would guess UTF-16 and others.
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("not_utf8") from error
    try:
        message = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        # ValueError is more than JSONDecodeError: a number of 5000 digits is one, too.
        raise Refused("not_json") from error
    if not isinstance(message, dict):
        raise Refused("not_an_object")
    return message


def _string(message: dict[str, Any], name: str) -> str:
    if name not in message:
        raise Refused("missing_field")
    value = message[name]
    if not isinstance(value, str):
        raise Refused("not_a_string")
    return value


def _name(value: str) -> str:
    return _visible(value, MAX_NAME, "bad_name")


def _room(value: str) -> str:
    return _visible(value, MAX_ROOM, "bad_room")


def _visible(value: str, most: int, code: str) -> str:
    value = value.strip()
    if not 1 <= len(value) <= most:
        raise Refused(code)
    if value.isprintable():
        return value  # nothing of it is unseen: so for most, and quick to tell
    if any(unicodedata.category(character) in UNSEEN for character in value):
        raise Refused(code)
    return value


def _text(value: str) -> str:
    try:
        size = len(ENCODER.encode(value).encode()) - len('""')
    except UnicodeEncodeError as error:  # half of a character: \ud800
        raise Refused("bad_text") from error
    if size > MAX_TEXT:
        raise Refused("bad_text")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")  # Python's own idea of it says otherwise


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("two parsers might take two different ones of these")
    return members


CHECKS = {"username": _name, "room": _room, "message": _text}

# Made once: json.loads and json.dumps make one for every call that has options.
DECODER = json.JSONDecoder(
    object_pairs_hook=_no_name_twice, parse_constant=_no_constant
)
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
