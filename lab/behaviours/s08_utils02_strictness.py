"""utils02: invalid messages are refused, with a code."""

import json
import sys
import unicodedata

from lab.behaviours import since
from lab.behaviours.bench import expect
from lab.behaviours.framing_bench import Framing
from lab.unmet import Unmet
from lab.wire import Message, frame

LARGEST = 2**16  # bytes of a payload
LONGEST = 2**15  # bytes of a text, as it stands in JSON


def chat(text: str) -> str:
    """Return a payload of a chat message, as text."""
    return json.dumps({"action": "chat", "room": "tea", "message": text})


def connect(name: str) -> str:
    """Return a payload of a connect message, as text."""
    return json.dumps({"action": "connect", "username": name})


def join(room: str) -> str:
    """Return a payload of a joinroom message, as text."""
    return json.dumps({"action": "joinroom", "room": room})


# Names in which something is invisible by itself, and belongs there: Persian and
# Hindi, a woman at a computer, a heart in colour, a key, and the flag of England.
WRITTEN_WITH_JOINERS = (
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
    "\u0915\u094d\u200d\u0937",
    "\U0001f469\u200d\U0001f4bb",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)

# What is wrong, and the code with which it is refused.
WRONG: dict[bytes, str] = {
    b"": "not_json",
    b"not JSON": "not_json",
    b"\x80\x80\x80": "not_utf8",
    b"\xed\xa0\x80": "not_utf8",  # half of a character
    join("tea").encode("utf-16"): "not_utf8",
    join("tea").encode("utf-16-be"): "not_json",  # every other byte is zero
    join("tea").encode("utf-8-sig"): "not_json",
    b"9" * 5000: "not_json",
    b"[" * 50_000: "not_json",
    b'{"a":' * 10_000: "not_json",
    b'{"action":"joinroom","room":"tea","x":NaN}': "not_json",
    b'{"action":"joinroom","room":"tea","x":-Infinity}': "not_json",
    b'{"action":"joinroom","room":"tea","room":"milk"}': "not_json",
    b"[]": "not_an_object",
    b"null": "not_an_object",
    b'"joinroom"': "not_an_object",
    b"{}": "unknown_action",
    b'{"action":"dance"}': "unknown_action",
    b'{"action":["chat"]}': "unknown_action",
    b'{"action":"joinroom"}': "missing_field",
    b'{"action":"chat","room":"tea"}': "missing_field",
    b'{"action":"joinroom","room":null}': "not_a_string",
    b'{"action":"chat","room":"tea","message":{}}': "not_a_string",
    connect("").encode(): "bad_name",
    connect(" \t ").encode(): "bad_name",
    connect("a" * 33).encode(): "bad_name",
    connect("\x1b[2J").encode(): "bad_name",
    connect("al\u200bice").encode(): "bad_name",  # with a space of no width
    connect("\u202eecila").encode(): "bad_name",  # written from right to left
    connect("al\u2028ice").encode(): "bad_name",
    connect("\ud800").encode(): "bad_name",
    connect("alice\u200d").encode(): "bad_name",  # a joiner that joins nothing
    connect("alice\ufe0f").encode(): "bad_name",  # a style of what is no emoji
    connect("alice\u3164").encode(): "bad_name",  # a filler, which is a letter
    connect("\u2800").encode(): "bad_name",  # braille without a dot
    connect("\u0301").encode(): "bad_name",  # an accent on nothing
    connect("\ue000").encode(): "bad_name",  # private
    connect("\u0378").encode(): "bad_name",  # not a character yet
    join("").encode(): "bad_room",
    join("t" * 65).encode(): "bad_room",
    join("te\u034fa").encode(): "bad_room",  # joins accents
    join("tea\n").encode()[:-4] + b'\\n."}': "bad_room",
    chat("\ud800").encode(): "bad_text",
    chat("x" * (LONGEST + 1)).encode(): "bad_text",
    chat("\x01" * (LONGEST // 6 + 1)).encode(): "bad_text",
}
if sys.platform == "emscripten":
    # There, so many brackets end the interpreter: no Python can refuse them.
    WRONG = {wrong: code for wrong, code in WRONG.items() if len(wrong) < 50_000}


@since(
    "utils02",
    hint="json raises more than JSONDecodeError: ValueError, and RecursionError",
)
async def bad_payloads_are_refused(framing: Framing) -> None:
    """Whatever is no message that we know is refused with the code for that."""
    for payload, code in WRONG.items():
        expect(framing.refusal(payload), code, f"the code for {payload[:60]!r}")


@since("utils02", hint="look at the header before you read what it announces")
async def an_oversized_payload_is_refused_before_it_arrives(framing: Framing) -> None:
    """A payload of more than 64 KiB is refused as soon as its header has come."""
    longest = chat("x" * LONGEST).encode()
    got = await framing.received(frame(longest.ljust(LARGEST)))
    expect(len(got), 1, f"the messages in a payload of {LARGEST} bytes")
    for size in (LARGEST + 1, 2**24 - 1):
        code = await framing.refusal_in(size.to_bytes(3, "little"))
        expect(code, "too_large", f"the code for {size} bytes")


@since("utils02", hint="strip(); inner spaces and any script are welcome")
async def names_are_stripped(framing: Framing) -> None:
    """Names and rooms are trimmed, and may have spaces inside and any script."""
    for name in ("alice", "Zoë de la Cruz", "茶 飲み", "नमस्ते", "a" * 32, "🫖"):
        message = _parsed(framing, connect(f" \t{name}\n "))
        expect(message, {"action": "connect", "username": name}, "the message")


@since(
    "utils02",
    hint="a joiner and U+FE0F have places where they are needed: see docs/protocol.rst",
)
async def invisible_characters_are_kept_where_they_are_written(
    framing: Framing,
) -> None:
    """A name may have the joiner of its script, and what its emoji are made with."""
    for name in WRITTEN_WITH_JOINERS:
        message = _parsed(framing, connect(name))
        expect(message, {"action": "connect", "username": name}, "the message")


@since("utils02", hint='unicodedata.normalize("NFC", room)')
async def a_room_has_one_form(framing: Framing) -> None:
    """An accent of its own and an accented letter make the same room, which is NFC."""
    for room in ("café", "Việt", "한국"):
        typed = unicodedata.normalize("NFD", room)
        message = _parsed(framing, join(typed))
        expected = unicodedata.normalize("NFC", room)
        expect(message, {"action": "joinroom", "room": expected}, "the message")


def _parsed(framing: Framing, payload: str) -> Message:
    """Return the message in a payload that is fine; Unmet if it is refused."""
    if not hasattr(framing.module, "parse"):
        raise Unmet("a module that checks names", "one that does not")
    try:
        message: Message = framing.module.parse(payload.encode())
    except framing.module.Refused as refused:
        raise Unmet(f"a message out of {payload!a}", refused.code) from refused
    return message
