"""Names and rooms that nobody should have, or that somebody has already."""

import asyncio
from unicodedata import normalize

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
    "zero width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "a joiner of accents": "\u034f",
    "a style of what is no emoji": "\ufe0f",
    "another variation": "\ufe00",
    "a variation for Chinese": "\U000e0100",
    "a variation for Mongolian": "\u180b",
    "a vowel separator for Mongolian": "\u180e",
    "a filler for Korean": "\u3164",
    "half a filler": "\u115f",
    "a vowel for Khmer": "\u17b4",
    "a musical symbol": "\U0001d173",
    "the flag of England without the flag": "".join(
        map(chr, (0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F))
    ),
    "private": "\ue000",
    "more private": "\U0010fffd",
    "unassigned": "\u0378",
    "not a character": "\U0010fffe",
    "reserved for something invisible": "\u2065",
}
BLANK = {
    "empty": "",
    "a space": " ",
    "wide spaces": "\u3000\xa0",
    "a tab": "\t",
    "braille without a dot": "\u2800",
    "braille and space": " \u2800 \u2800",
    "a note without a head": "\U0001d159",
    "hieroglyphs without a picture": "\U00013441\U00013442",
    "an accent": "\u0301",
    "accents on spaces": "\u0301 \u20dd",
}
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
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
    "Hindi with a joiner": "\u0915\u094d\u200d\u0937",
    "Hindi with a non-joiner": "\u0915\u094d\u200c\u0937",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "Malayalam": "\u0d05\u0d35\u0d28\u0d4d\u200d",
    "a woman at a computer": "\U0001f469\u200d\U0001f4bb",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a heart in colour": "\u2764\ufe0f",
    "a key": "1\ufe0f\u20e3",
    "the flag of England": "\U0001f3f4"
    + "".join(map(chr, (0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F))),
    "braille": "\u2807\u2800\u2807",
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
    """It is the same room with and without space around it, in its composed form."""
    room = normalize("NFC", value)
    one, other = await foes.member(room), await foes.member(room)
    await one.send({"action": "chat", "room": f"\t{value} ", "message": "hello"})
    await other.hears("chat", room=room)


@fault(since=8, each=["caf\xe9", "Vi\u1ec7t Nam", "\ud55c\uad6d", "\u1f82"])
async def a_room_typed_in_two_forms(foes, value):
    """It is one room, for joining and for speaking."""
    typed = normalize("NFD", value)
    one, other = await foes.member(value), await foes.named()
    await other.send({"action": "joinroom", "room": typed})
    await other.hears("joinroom", room=value, **{"from": other.name})
    for speaker, hearer, room in ((one, other, value), (other, one, typed)):
        await speaker.send({"action": "chat", "room": room, "message": "hello"})
        await hearer.hears("chat", room=value)


ALICE = {
    "itself": "alice",
    "capital": "Alice",
    "capitals": "ALICE",
    "space around": " alice\t",
    "wide": "\uff41\uff4c\uff49\uff43\uff45",
    "script": "\U0001d4b6\U0001d4c1\U0001d4be\U0001d4b8\U0001d452",
    "in a circle": "\u24d0lice",
    "a Roman numeral": "al\u2170ce",
    "braille without a dot around": "\u2800alice\u2800 ",
}


@fault(since=8, each=ALICE)
async def the_name_of_one_of_the_two(foes, value):
    """It is refused, however it is written, and the caller has no name."""
    caller = await foes.call()
    await caller.send(as_name(value))
    await caller.is_refused("name_taken")
    await has_no_name(caller)


SAME = {
    "sharp s": ("Straße", "STRASSE"),
    "ligature": ("ﬁn", "FIN"),
    "an accent by itself": ("Ren\xe9", "Rene\u0301"),
    "a joiner": (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
        "\u0645\u06cc\u062e\u0648\u0627\u0646",
    ),
    "two joiners": ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200c\u0937"),
    "two emoji": ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
    "the style of an emoji": ("\u2764\ufe0f", "\u2764"),
    "two spaces": ("so or so", "so  or\xa0so"),
    "braille without a dot": ("so or so", "so\u2800or so"),
}


@fault(since=8, each=SAME)
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
