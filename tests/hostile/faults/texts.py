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
    "utf-16 without a mark": TEXT.encode("utf-16-le"),
    "utf-32": TEXT.encode("utf-32"),
}


@fault(since=8, each=NOT_UTF_8)
async def bytes_that_are_no_utf_8(foes, value):
    """They are refused, whatever encoding somebody could guess."""
    await foes.in_vain(frame(value), "bad_json")


NOT_JSON = {
    "a word": b"hello",
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
    "more than a float can be": TEXT.encode().replace(b"{", b'{"x": 1e999, '),
    "more digits than Python takes": TEXT.encode().replace(
        b"{", b'{"x": ' + b"9" * 5000 + b", "
    ),
    "the same key twice": TEXT.encode().replace(b"{", b'{"action": "connect", '),
    "the same key twice, further in": TEXT.encode().replace(
        b"{", b'{"x": {"a": 1, "a": 2}, '
    ),
    "brackets, never closed": b"[" * 65536,
    "brackets": b"[" * 32768 + b"]" * 32768,
    "braces, never closed": b'{"a":' * 13107,
    "braces": b'{"a":' * 9000 + b"1" + b"}" * 9000,
    "deep in a message": chat_with("[" * 30000 + "]" * 30000),
    "not quite so deep": chat_with("[" * 5000 + "]" * 5000),
    "deep in what is passed over": TEXT.encode().replace(
        b"{", b'{"x": ' + b"[" * 30000 + b"]" * 30000 + b", "
    ),
}


@fault(since=8, each=NOT_JSON)
async def text_that_is_no_json(foes, value):
    """It is refused, whatever a parser could make of it."""
    await foes.in_vain(frame(value), "bad_json")


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
