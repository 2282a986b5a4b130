"""Names and rooms that nobody should have, or that somebody has already."""

import asyncio

from lab.wire import encode, frame

from ..pair import ROOM
from . import fault

# One of each kind of what must not be in a name.
NEVER = {
    "NUL": "\0",
    "a line feed": "\n",
    "a tab": "\t",
    "the bell": "\a",
    "an escape sequence": "\x1b[2J",
    "delete": "\x7f",
    "another way to start an escape sequence": "\x9b2J",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "from right to left": "\u202e",
    "isolate": "\u2066",
    "soft hyphen": "\xad",
    "byte order mark": "\ufeff",
    "a tag": "\U000e0041",
    "a high surrogate": "\ud800",
    "a low surrogate": "\udc80",
}
BLANK = {"empty": "", "a space": " ", "wide spaces": "\u3000\xa0", "a tab": "\t"}
ADMITTED = {case: f"do{text}ra" for case, text in NEVER.items()}
FINE = {
    "one letter": "x",
    "inner spaces": "Dora of the  Hill",
    "Chinese": "茶茶",
    "Arabic": "دورا",
    "Hindi": "डोरा",
    "accents": "Dörá",
    "accents put on": "do\u0308ra\u0301",
    "an emoji": "\N{MUSHROOM}",
    "quotes and braces": "\"'\\{}%s</b>",
}


def as_name(name):
    """Return the frame with which somebody says who they are."""
    return encode({"action": "connect", "username": name})


async def has_no_name(caller):
    """Show that the caller has not become anybody."""
    await caller.send({"action": "joinroom", "room": ROOM})
    await caller.is_refused("not_connected")


async def becomes(foes, name):
    """Return a new caller who has become somebody; AssertionError if they cannot."""
    caller = await foes.call()
    await caller.send(as_name(name))
    caller.name = name.strip()
    await caller.is_understood()
    return caller


@fault(since=8, each={**BLANK, **ADMITTED, "33 letters": "x" * 33, "much": "x" * 60000})
async def a_name_that_nobody_may_have(foes, value):
    """It is refused, and the caller may try another."""
    caller = await foes.call()
    await caller.send(as_name(value))
    await caller.is_refused("bad_name")
    await has_no_name(caller)
    await caller.send(as_name(caller.name))
    await caller.is_understood()


@fault(since=8, each={**BLANK, **ADMITTED, "65 letters": "x" * 65, "much": "x" * 60000})
async def a_room_that_there_cannot_be(foes, value):
    """It is refused, for joining, for leaving and for speaking."""
    for action in ("joinroom", "leaveroom", "chat"):
        message = {"action": action, "room": value, "message": "hello"}
        await foes.in_vain(encode(message), "bad_room")


@fault(since=8, each={**FINE, "32 letters": "x" * 32, "32 emoji": "\N{MUSHROOM}" * 32})
async def a_name_that_is_fine(foes, value):
    """It is taken as it is, without the space around it."""
    await becomes(foes, f" {value}\t\u3000")


@fault(since=8, each={**FINE, "64 letters": "x" * 64})
async def a_room_that_is_fine(foes, value):
    """It is the same room with and without space around it."""
    one, other = await foes.member(value), await foes.member(value)
    await one.send({"action": "chat", "room": f"\t{value} ", "message": "hello"})
    await other.hears("chat", room=value)


ALICE = {
    "itself": "alice",
    "capital": "Alice",
    "capitals": "ALICE",
    "space around": " alice\t",
    "wide": "\uff41\uff4c\uff49\uff43\uff45",
    "script": "\U0001d4b6\U0001d4c1\U0001d4be\U0001d4b8\U0001d452",
    "in a circle": "\u24d0lice",
    "a Roman numeral": "al\u2170ce",
}


@fault(since=8, each=ALICE)
async def the_name_of_one_of_the_two(foes, value):
    """It is refused, however it is written, and the caller has no name."""
    caller = await foes.call()
    await caller.send(as_name(value))
    await caller.is_refused("name_taken")
    await has_no_name(caller)


@fault(since=8, each={"sharp s": ("Straße", "STRASSE"), "ligature": ("ﬁn", "FIN")})
async def names_that_look_alike(foes, value):
    """The second is refused as long as the first is there."""
    one, other = value
    await becomes(foes, one)
    caller = await foes.call()
    await caller.send(as_name(other))
    await caller.is_refused("name_taken")


@fault(since=8)
async def all_at_once_with_the_same_name(foes):
    """One of thirty gets it."""
    callers = [await foes.call() for _ in range(30)]
    for caller in callers:
        await caller.send(as_name("everybody"), {"action": "leaveroom", "room": "none"})
    answers = [await caller.hear() for caller in callers]
    codes = [answer.get("code") for answer in answers]
    assert codes.count(None) == 1
    assert codes.count("name_taken") == 29


async def by_a_fin(caller):
    caller.finish()
    await caller.is_hung_up_on()


async def by_a_reset(caller):
    caller.reset()


async def by_a_frame(caller):
    await caller.send(b"\xff\xff\xff")
    await caller.is_hung_up_on()


async def by_bad_messages(caller):
    await caller.send(*[frame(b"no")] * 20)
    await caller.is_hung_up_on()


async def by_half_a_frame(caller):
    await caller.send(b"\x10\x00\x00half")
    caller.finish()
    await caller.is_hung_up_on()


WAYS_OUT = (by_a_fin, by_a_reset, by_a_frame, by_bad_messages, by_half_a_frame)


@fault(since=8, each={way.__name__: way for way in WAYS_OUT})
async def a_name_is_free_again(foes, value):
    """Whatever ended the connection, the next may have the name."""
    witness = await foes.member()
    gone = await becomes(foes, "one after the other")
    await gone.send({"action": "joinroom", "room": ROOM})
    await witness.hears("joinroom", **{"from": "one after the other"})
    await value(gone)
    # Others hear that somebody has left when it is done, and not before.
    await witness.hears("leaveroom", **{"from": "one after the other"})
    await becomes(foes, "one after the other")


@fault(since=8, each=["another", "alice"])
async def a_second_name(foes, value):
    """A name is for good: a second connect is refused, and changes nothing."""
    member, witness = await foes.member(), await foes.member()
    await member.send(as_name(value))
    await member.is_refused("already_connected")
    await member.send({"action": "chat", "room": ROOM, "message": "still me"})
    await witness.hears("chat", message="still me", **{"from": member.name})


@fault(since=8, each=["joinroom", "leaveroom", "chat"])
async def asked_for_without_a_name(foes, value):
    """It is refused until the caller has said who they are."""
    caller = await foes.call()
    await caller.send({"action": value, "room": ROOM, "message": "hello"})
    await caller.is_refused("not_connected")
    await caller.send(as_name(caller.name))
    await caller.is_understood()


@fault(since=8)
async def spoken_into_a_room_from_outside(foes):
    """Nobody hears it, and the speaker is told."""
    outsider = await foes.named()
    witness = await foes.member()
    chat = {"action": "chat", "room": ROOM, "message": "from outside"}
    await outsider.send(chat)
    await outsider.is_refused("not_in_room")
    await outsider.send({"action": "joinroom", "room": ROOM})
    await outsider.send({"action": "leaveroom", "room": ROOM}, chat)
    await outsider.is_refused("not_in_room")
    await outsider.is_understood()
    await witness.is_understood()
    assert not witness.has_heard_from(outsider.name)


@fault(since=8)
async def forty_join_and_leave_at_once(foes):
    """The room of the two fills and empties, fifty times over."""
    callers = [await foes.named() for _ in range(40)]
    there_and_back = encode({"action": "joinroom", "room": ROOM}) + encode(
        {"action": "leaveroom", "room": ROOM}
    )
    async with asyncio.TaskGroup() as tasks:
        for caller in callers:
            tasks.create_task(caller.send(there_and_back * 5))
    for caller in callers:
        await caller.is_understood()
