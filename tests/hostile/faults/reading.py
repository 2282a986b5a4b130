"""Who does not read what they are sent, or not soon."""

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode

from ..pair import ROOM
from . import fault

WINDOW = 4096  # bytes that a socket takes in without being read: as few as there can be
LONG = "x" * 30_000
MUCH = 300  # long messages: more than the system keeps and what may be owed together
LITTLE = 15  # the same, but less than what may be owed

CHAT = encode({"action": "chat", "room": ROOM, "message": LONG})
ASIDE = encode({"action": "chat", "room": "aside", "message": LONG})
# To join once more is answered with the names of all members, and is no news to them.
JOIN = encode({"action": "joinroom", "room": "full"})
MEMBERS = 60


@fault(since=6, settings=AT_FULL_SPEED)
async def members_of_their_room_never_read(foes):
    """Three read nothing while a fourth says 9 MB: nobody waits for the three."""
    for _ in range(3):
        await foes.member(takes=WINDOW)
    talker = await foes.member()
    await talker.send(*[CHAT] * MUCH)
    await talker.is_understood()


@fault(since=6, settings=AT_FULL_SPEED)
async def one_never_reads_and_talks(foes):
    """One says 9 MB in the room of the two, and reads nothing."""
    talker = await foes.member(takes=WINDOW)
    await talker.send(*[CHAT] * MUCH)


@fault(since=6, settings=AT_FULL_SPEED)
async def two_talk_to_each_other_and_never_read(foes):
    """Two in a room of their own say 9 MB, each to the other: no talker is held up."""
    one, other = [await foes.member("aside", takes=WINDOW) for _ in range(2)]
    for _ in range(MUCH):
        await one.send(ASIDE)
        await other.send(ASIDE)


@fault(since=8, settings=AT_FULL_SPEED)
async def one_is_hung_up_on_and_the_name_is_free(foes):
    """Who is dropped for not reading has left, and another may have the name."""
    slow, witness = await foes.member(takes=WINDOW), await foes.member()
    await witness.send(*[CHAT] * MUCH)
    await witness.hears("leaveroom", room=ROOM, **{"from": slow.name})
    heir = await foes.call()
    heir.name = slow.name
    await heir.send({"action": "connect", "username": slow.name})
    await heir.is_understood()


@fault(since=6, settings=AT_FULL_SPEED)
async def one_asks_and_never_reads(foes):
    """One asks for long answers until they fill every buffer, and is hung up on."""
    witness = await foes.member("full")
    for _ in range(MEMBERS):
        member = await foes.call()
        member.name = member.name.ljust(32, "x")
        await member.send({"action": "connect", "username": member.name}, JOIN)
    asker = await foes.member("full", takes=WINDOW)
    await asker.send(JOIN * 4000)  # each answer has 2 KB
    await witness.hears("leaveroom", **{"from": asker.name})


@fault(since=6, settings=AT_FULL_SPEED)
async def one_reads_late(foes):
    """One who owes a little, and reads it in the end, has lost nothing of it."""
    late = await foes.member("aside")
    talker = await foes.member("aside")
    for number in range(LITTLE):
        said = {"action": "chat", "room": "aside", "message": f"{number} {LONG}"}
        await talker.send(said)
    await talker.is_understood()
    for number in range(LITTLE):
        heard = await late.hears("chat")
        assert heard["message"].startswith(f"{number} ")


@fault(since=6, settings=AT_FULL_SPEED)
async def eighty_hang_up_unread(foes):
    """Eighty leave while there is something on its way to each of them."""
    members = [await foes.member(takes=WINDOW) for _ in range(80)]
    talker = await foes.member()
    await talker.send(CHAT)
    for member in members:
        member.close()
    await talker.is_understood()
