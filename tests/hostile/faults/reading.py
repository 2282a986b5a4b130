"""Who does not read what they are sent, or not soon."""

from lab.wire import encode

from ..pair import ROOM
from . import fault

WINDOW = 4096  # bytes that a socket takes in without being read: as few as there can be
LONG = "x" * 30_000
MUCH = 300  # long messages: more than the system keeps and what may be owed together
LITTLE = 15  # the same, but less than what may be owed

CHAT = encode({"action": "chat", "room": ROOM, "message": LONG})
ASIDE = encode({"action": "chat", "room": "aside", "message": LONG})
# The answer is as long as the question, and the sender alone hears it.
ASKED = encode({"action": "leaveroom", "room": "r" * 64})


@fault(since=6)
async def members_of_their_room_never_read(foes):
    """Three read nothing while a fourth says 9 MB: nobody waits for the three."""
    for _ in range(3):
        await foes.member(takes=WINDOW)
    talker = await foes.member()
    await talker.send(*[CHAT] * MUCH)
    await talker.is_understood()


@fault(since=6)
async def one_never_reads_and_talks(foes):
    """One says 9 MB in the room of the two, and reads nothing."""
    talker = await foes.member(takes=WINDOW)
    await talker.send(*[CHAT] * MUCH)


@fault(since=6)
async def two_talk_to_each_other_and_never_read(foes):
    """Two in a room of their own say 9 MB, each to the other: no talker is held up."""
    one, other = [await foes.member("aside", takes=WINDOW) for _ in range(2)]
    for _ in range(MUCH):
        await one.send(ASIDE)
        await other.send(ASIDE)


@fault(since=6)
async def one_asks_and_never_reads(foes):
    """One asks so often that the answers fill every buffer, and is hung up on."""
    asker = await foes.named(takes=WINDOW)
    portion = ASKED * 500
    for _ in range(300):
        await asker.send(portion)
        if asker.broken_off:
            return
    raise AssertionError("the server goes on answering somebody who does not read")


@fault(since=6)
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


@fault(since=6)
async def eighty_hang_up_unread(foes):
    """Eighty leave while there is something on its way to each of them."""
    members = [await foes.member(takes=WINDOW) for _ in range(80)]
    talker = await foes.member()
    await talker.send(CHAT)
    for member in members:
        member.close()
    await talker.is_understood()
