"""How connections begin and end."""

import asyncio

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode

from ..pair import ROOM
from . import fault

CHAT = encode({"action": "chat", "room": ROOM, "message": "half of this"})
JOIN = encode({"action": "joinroom", "room": ROOM})

CUTS = {
    "after nothing": b"",
    "after one byte of the header": CHAT[:1],
    "after two bytes of the header": CHAT[:2],
    "after the header": CHAT[:3],
    "in the middle of the body": CHAT[: len(CHAT) // 2],
    "before the last byte": CHAT[:-1],
}


@fault(since=6, each=CUTS)
async def half_closed(foes, value):
    """Who has ended in mid-frame, and reads, hears the server end as well."""
    member = await foes.member()
    await member.send(value)
    member.finish()
    await member.is_hung_up_on()


@fault(since=6, each=CUTS)
async def closed(foes, value):
    """Ten members hang up in mid-frame, with what the two said to them unread."""
    for _ in range(10):
        member = await foes.member()
        await member.send(value)
        member.close()


@fault(since=6, each=CUTS)
async def broken_off(foes, value):
    """Ten members break off in mid-frame."""
    for _ in range(10):
        member = await foes.member()
        await member.send(value)
        member.reset()


@fault(since=6, each=CUTS)
async def silent(foes, value):
    """Ten members stop in mid-frame, and say nothing more."""
    for _ in range(10):
        member = await foes.member()
        await member.send(value)


@fault(since=6)
async def broken_off_after_joining(foes):
    """A hundred join the room of the two and break off without hearing the answer."""
    for _ in range(100):
        caller = await foes.named()
        await caller.send(JOIN)
        caller.reset()


@fault(since=6)
async def gone_without_a_word(foes):
    """Five hundred call and hang up."""
    for _ in range(500):
        caller = await foes.call()
        caller.close()


@fault(since=6)
async def three_hundred_silent_connections(foes):
    """Three hundred are there at once, say nothing, and leave at once."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(300):
            tasks.create_task(foes.call())


@fault(since=6)
async def all_members_break_off_at_once(foes):
    """A hundred are in the room of the two, and are all gone in the same moment."""
    members = [await foes.member() for _ in range(100)]
    for member in members:
        member.reset()


@fault(since=6, settings={**AT_FULL_SPEED, "MAX_ROOMS": "3000"})
async def in_very_many_rooms(foes):
    """One is in three thousand rooms, and leaves them all at once."""
    member = await foes.named()
    rooms = [f"room {number}" for number in range(3000)]
    joins = (encode({"action": "joinroom", "room": room}) for room in rooms)
    await member.send(b"".join(joins))
    await member.hears("joinroom", room=rooms[-1])


@fault(since=6, settings=AT_FULL_SPEED)
async def says_much_and_ends(foes):
    """What was said before the end is heard, though the speaker did not wait."""
    witness, member = await foes.member("aside"), await foes.member("aside")
    said = [{"action": "chat", "room": "aside", "message": f"{n}"} for n in range(1000)]
    await member.send(b"".join(map(encode, said)))
    member.finish()
    for message in said:
        heard = await witness.hears("chat")
        assert heard["message"] == message["message"]
    await witness.hears("leaveroom")
