"""A frame, made by hand: three bytes with the size, then the payload."""

import json


def frame(payload: bytes) -> bytes:
    """Put the size before the payload."""
    return len(payload).to_bytes(3, byteorder="little") + payload


message = {"action": "joinroom", "room": "tea"}
print(frame(json.dumps(message).encode()))
print("the header of a payload of 300 bytes:", list(frame(b"x" * 300)[:3]))
