"""What is no frame, or one that is too large, or comes in a strange way."""

import json

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode, frame

from ..pair import ROOM
from . import fault

LIMIT = 65536  # bytes: the largest payload that is taken
CHAT = encode({"action": "chat", "room": ROOM, "message": "in the body of a frame"})


def header(size):
    """Return the header that announces so many bytes."""
    return size.to_bytes(3, "little")


def padded(message, size):
    """Return a payload of exactly so many bytes that carries the message."""
    return json.dumps(message).encode().ljust(size)  # spaces are allowed in JSON


@fault(since=8, each=[LIMIT + 1, 2**20, 2**24 - 1])
async def a_frame_that_is_too_large_is_announced(foes, value):
    """It is refused on the header alone, before anything else has come."""
    member = await foes.member()
    await member.send(header(value))
    await member.is_refused("too_large")
    await member.is_hung_up_on()


# The last one is more than the system keeps on the way: somebody has to take it.
@fault(since=8, each=[LIMIT + 1, 2 * LIMIT, 2**20, 2**24 - 1])
async def a_frame_that_is_too_large_is_sent(foes, value):
    """It is refused, and no reset swallows the answer, though all of it was sent."""
    member = await foes.member()
    await member.send(header(value) + b" " * value)
    await member.is_refused("too_large")
    await member.is_hung_up_on()


@fault(since=8)
async def twenty_announce_sixteen_mib_and_send_all_but_one(foes):
    """All are refused, and nothing is kept of what they send."""
    callers = [await foes.named() for _ in range(20)]
    for caller in callers:
        await caller.send(header(2**24 - 1), *[bytes(2**20)] * 15)
    for caller in callers:
        await caller.is_refused("too_large")
        await caller.is_hung_up_on()


@fault(since=8)
async def a_hundred_hold_back_the_last_byte(foes):
    """Of the largest frame there is: what they have sent goes when they go."""
    for _ in range(100):
        caller = await foes.named()
        await caller.send(header(LIMIT) + bytes(LIMIT - 1))


@fault(since=8)
async def nothing_is_taken_for_a_frame_after_one_that_is_too_large(foes):
    """Who is refused for a header is not heard any more, whatever they send."""
    member, witness = await foes.member(), await foes.member()
    await member.send(header(LIMIT + 1) + CHAT * 10)
    await member.is_hung_up_on()
    await witness.is_understood()
    assert not witness.has_heard_from(member.name)


@fault(since=8)
async def a_frame_of_nothing(foes):
    """A size of 0 is no JSON, and framing goes on after it."""
    await foes.in_vain(frame(b""), "not_json")


@fault(since=8)
async def the_largest_frame_there_is(foes):
    """A frame of 64 KiB is understood."""
    member = await foes.named()
    payload = padded({"action": "joinroom", "room": "padded"}, LIMIT)
    await member.send(frame(payload))
    await member.hears("joinroom", room="padded")


@fault(since=6)
async def one_byte_at_a_time(foes):
    """Everybody hears what comes in single bytes."""
    member, witness = await foes.member(), await foes.member()
    await member.send(*[CHAT[place : place + 1] for place in range(len(CHAT))])
    await witness.hears("chat", message="in the body of a frame")


@fault(since=6, settings=AT_FULL_SPEED)
async def a_thousand_frames_at_once(foes):
    """What comes in one portion is answered one by one, in order."""
    member = await foes.named()
    rooms = [f"room {number}" for number in range(1000)]
    asked = [encode({"action": "leaveroom", "room": room}) for room in rooms]
    await member.send(b"".join(asked))
    for room in rooms:
        assert (await member.hears("leaveroom"))["room"] == room


OTHER_PROTOCOLS = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(194),
    "ssh": b"SSH-2.0-OpenSSH_9.9\r\n",
    "smtp": b"EHLO localhost\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n",
}


@fault(since=8, each=OTHER_PROTOCOLS)
async def another_protocol(foes, value):
    """Whoever takes us for another server is told that this is no frame of ours."""
    caller = await foes.call()
    await caller.send(value)
    await caller.is_refused("too_large")
    await caller.is_hung_up_on()
