"""What comes in a frame and is no JSON object in UTF-8."""

import json

from lab.wire import frame

from ..pair import ROOM
from . import fault

CHAT = {"action": "chat", "room": ROOM, "message": "hello"}
TEXT = json.dumps(CHAT)


def chat_with(message):
    """Return a payload whose message is this piece of JSON, or what is no JSON."""
    return f'{{"action":"chat","room":"{ROOM}","message":{message}}}'.encode()


NOT_UTF_8 = {
    "a byte that never occurs": b"\xff" + TEXT.encode(),
    "a byte of Latin-1": TEXT.replace("hello", "h\xe9llo").encode("latin-1"),
    "a character that is cut off": TEXT.encode()[:-2] + b"\xe2\x82",
    "an overlong slash": TEXT.encode().replace(b"hello", b"\xc0\xaf"),
    "a surrogate": TEXT.encode().replace(b"hello", b"\xed\xa0\x80"),
    "beyond the last character": TEXT.encode().replace(b"hello", b"\xf5\x80\x80\x80"),
    "utf-16": TEXT.encode("utf-16"),
    "utf-32": TEXT.encode("utf-32"),
}


@fault(since=8, each=NOT_UTF_8)
async def bytes_that_are_no_utf_8(foes, value):
    """They are refused, whatever encoding somebody could guess."""
    await foes.in_vain(frame(value), "not_utf8")


NOT_JSON = {
    "a word": b"hello",
    "utf-16 without a mark": TEXT.encode("utf-16-le"),
    "utf-32 without a mark": TEXT.encode("utf-32-le"),
    "a byte order mark": TEXT.encode("utf-8-sig"),
    "NUL": b"\0" * 10,
    "spaces": b" " * 65536,
    "cut off": TEXT.encode()[:-1],
    "two in one frame": TEXT.encode() * 2,
    "a comma too many": TEXT.encode().replace(b"}", b",}"),
    "single quotes": TEXT.replace('"', "'").encode(),
    "a comment": b"/**/" + TEXT.encode(),
    "a line break in a text": chat_with('"one\ntwo"'),
    "an escape that is none": chat_with(r'"\x41"'),
    "half an escape": chat_with(r'"\u12"'),
    "not a number": chat_with("NaN"),
    "infinity": chat_with("Infinity"),
    "less than infinity": chat_with("-Infinity"),
    "infinity, and one speaks it": TEXT.encode().replace(b"{", b'{"x": Infinity, '),
    "more digits than Python takes": TEXT.encode().replace(
        b"{", b'{"x": ' + b"9" * 5000 + b", "
    ),
    "the same key twice": TEXT.encode().replace(b"{", b'{"action": "connect", '),
    "the same key twice, further in": TEXT.encode().replace(
        b"{", b'{"x": {"a": 1, "a": 2}, '
    ),
    "brackets, never closed": b"[" * 65536,
    "braces, never closed": b'{"a":' * 13107,
}


@fault(since=8, each=NOT_JSON)
async def text_that_is_no_json(foes, value):
    """It is refused, whatever a parser could make of it."""
    await foes.in_vain(frame(value), "not_json")


# How deep is too deep depends on the Python: 3.11 gives up at 1,000, 3.13 at 10,000.
DEEP = {
    "a list": b"[" * 32768 + b"]" * 32768,
    "a list, less deep": b"[" * 5000 + b"]" * 5000,
    "an object": b'{"a":' * 9000 + b"1" + b"}" * 9000,
    "a message": chat_with("[" * 30000 + "]" * 30000),
    "a message, less deep": chat_with("[" * 5000 + "]" * 5000),
    "what is passed over": TEXT.encode().replace(
        b"{", b'{"x": ' + b"[" * 30000 + b"]" * 30000 + b", "
    ),
}


@fault(since=8, each=DEEP)
async def nested_deeply(foes, value):
    """It is refused, or is nothing special: how deep is too deep, Python decides."""
    member, witness = await foes.member(), await foes.member()
    await member.send(frame(value))
    await member.is_understood_or_refused()
    await witness.is_understood()


NO_OBJECT = {
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"chat"',
    "an empty list": b"[]",
    "a list of the right things": b"[" + TEXT.encode() + b"]",
    "very many objects": b"[" + b"{}," * 21844 + b"1]",
}


@fault(since=8, each=NO_OBJECT)
async def json_that_is_no_object(foes, value):
    """It is refused: a message is an object."""
    await foes.in_vain(frame(value), "not_an_object")


NO_TEXT = {
    "more than a float can be": chat_with("1e999"),
    "as many digits as Python takes": chat_with("9" * 4300),
    "an object": chat_with('{"message": "hello"}'),
    "a list, as deep as most parsers go": chat_with("[" * 900 + "]" * 900),
}


@fault(since=8, each=NO_TEXT)
async def a_message_that_is_no_text(foes, value):
    """It is refused: what somebody says is a text."""
    await foes.in_vain(frame(value), "not_a_string")
