"""Objects that are no messages."""

import json

from lab.wire import encode, frame

from ..pair import ROOM
from . import fault

LONGEST = 32768  # bytes of a text in UTF-8

LEGAL = {
    "connect": {"action": "connect", "username": "dora"},
    "joinroom": {"action": "joinroom", "room": ROOM},
    "leaveroom": {"action": "leaveroom", "room": ROOM},
    "chat": {"action": "chat", "room": ROOM, "message": "hello"},
}
FIELDS = [(action, name) for action in LEGAL for name in LEGAL[action]]
OF_ACTIONS = {
    f"{name} of {action}": (action, name) for action, name in FIELDS if name != "action"
}
WRONG = [None, True, False, 0, 1, 1.5, [], {}, ["hello"], {"hello": 1}, 10**4000]


def named(value):
    """Return a name for the test of a wrong value."""
    return repr(value)[:20]


WRONG_TYPES = {
    f"{named(value)} as {case}": {**LEGAL[action], name: value}
    for case, (action, name) in OF_ACTIONS.items()
    for value in WRONG
}
MISSING = {
    case: {key: value for key, value in LEGAL[action].items() if key != name}
    for case, (action, name) in OF_ACTIONS.items()
}


@fault(since=8, each=WRONG_TYPES)
async def a_field_of_the_wrong_type(foes, value):
    """It is refused: every field is a text."""
    named = value["action"] != "connect"
    await foes.in_vain(encode(value), "bad_field", named=named)


@fault(since=8, each=MISSING)
async def a_field_that_is_missing(foes, value):
    """It is refused: every field has to be there."""
    named = value["action"] != "connect"
    await foes.in_vain(encode(value), "bad_field", named=named)


ACTIONS = {
    "none": {"room": ROOM, "message": "hello"},
    "nothing at all": {},
    "one of the server's": {**LEGAL["chat"], "action": "bye"},
    "one that is not known": {**LEGAL["chat"], "action": "shout"},
    "an empty one": {**LEGAL["chat"], "action": ""},
    "in capitals": {**LEGAL["chat"], "action": "CHAT"},
    "with a space": {**LEGAL["chat"], "action": "chat "},
    "a method of Python's": {**LEGAL["chat"], "action": "__init__"},
    "a method of the client's": {**LEGAL["chat"], "action": "send"},
    **{named(value): {**LEGAL["chat"], "action": value} for value in WRONG},
}


@fault(since=8, each=ACTIONS)
async def an_action_that_is_none(foes, value):
    """It is refused: nothing is done that the protocol does not name."""
    await foes.in_vain(encode(value), "unknown_action")


@fault(since=8)
async def fields_that_nobody_asked_for(foes):
    """They are passed over, and reach nobody."""
    member, witness = await foes.member(), await foes.member()
    more = {"from": "alice", "members": [], "code": "forged", "x": [1, {"y": None}]}
    await member.send({**LEGAL["chat"], **more})
    heard = await witness.hears("chat", **{"from": member.name})
    assert heard == {**LEGAL["chat"], "from": member.name}


def raw(message):
    """Return a frame without escapes: a character of it takes its bytes in UTF-8."""
    return frame(json.dumps(message, ensure_ascii=False).encode())


@fault(since=8, each={"of ASCII": "x", "of 4 bytes each": "\N{MUSHROOM}", "é": "é"})
async def the_longest_text_there_is(foes, value):
    """It is relayed in a frame that is not too large; one more byte is refused."""
    member, witness = await foes.member(), await foes.member()
    text = value * (LONGEST // len(value.encode()))
    await member.send(raw({**LEGAL["chat"], "message": text}))
    await witness.hears("chat", message=text)
    await foes.in_vain(raw({**LEGAL["chat"], "message": text + "x"}), "text_too_long")


@fault(
    since=8, each={"control": "\x01", "del": "\x7f", "quotes": '"', "lone": "\ud800"}
)
async def a_text_that_grows_when_it_is_escaped(foes, value):
    """Whatever is in it: what the others hear of it fits into a frame, or is nothing.

    Frames that are too large are what every caller here stumbles over.
    """
    member, witness = await foes.member(), await foes.member()
    escaped = len(encode({"m": value})) - len(encode({"m": ""}))
    for count in (100, 32000 // escaped, 65000 // escaped):
        await member.send({**LEGAL["chat"], "message": value * count})
        await member.is_understood_or_refused()
    await witness.is_understood()
