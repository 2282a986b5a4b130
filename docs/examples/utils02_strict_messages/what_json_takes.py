"""Prints what json.loads makes of bytes that are not a message of our protocol."""

import json
import sys

TRIED = {
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-8 with a BOM": '{"a": 1}'.encode("utf-8-sig"),
    "half a character": b'{"a": "\xed\xa0\xbd"}',
    "the same, escaped": rb'{"a": "\ud83d"}',
    "a key twice": b'{"a": 1, "a": 2}',
    "not a number": b'{"a": NaN}',
    "too large a number": b'{"a": 1e999}',
    "a list": b"[]",
    "a word": b'"hello"',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "5,000 digits": b'{"a": %s}' % (b"9" * 5000),
    "30,000 lists": b"[" * 30_000 + b"]" * 30_000,
    "not JSON": b"hello",
}

if sys.platform == "emscripten":
    del TRIED["30,000 lists"]  # in a browser this is the end of Python itself

for what, payload in TRIED.items():
    try:
        result = f"{json.loads(payload)!r}"
    except (ValueError, RecursionError) as error:
        result = f"raises {type(error).__name__}"
    print(f"{what:19}{result}")
