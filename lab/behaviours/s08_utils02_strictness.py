"""utils02: what is no message is refused, with a code."""

import json
import sys

from lab.behaviours import since
from lab.behaviours.bench import expect
from lab.behaviours.framing_bench import Framing
from lab.unmet import Unmet
from lab.wire import frame

LARGEST = 2**16  # bytes of a payload
LONGEST = 2**15  # bytes of a text, as it stands in JSON


def chat(text: str) -> str:
    """Return a payload that says something, as text."""
    return json.dumps({"action": "chat", "room": "tea", "message": text})


def connect(name: str) -> str:
    """Return a payload that says who one is, as text."""
    return json.dumps({"action": "connect", "username": name})


def join(room: str) -> str:
    """Return a payload that wants into a room, as text."""
    return json.dumps({"action": "joinroom", "room": room})


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
    join("").encode(): "bad_room",
    join("t" * 65).encode(): "bad_room",
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
        if not hasattr(framing.module, "parse"):
            raise Unmet("messages with trimmed names", "none that are checked")
        message = framing.module.parse(connect(f" \t{name}\n ").encode())
        expect(message, {"action": "connect", "username": name}, "the message")
