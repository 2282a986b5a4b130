"""How many bad messages are put up with."""

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode, frame

from ..pair import ROOM
from . import fault

MANY = 20  # bad messages in a row, with the last of which a connection ends
BAD = {
    "no JSON": frame(b"no"),
    "no object": frame(b"[]"),
    "no action": frame(b"{}"),
    "no field": encode({"action": "joinroom"}),
    "no room": encode({"action": "joinroom", "room": "\n"}),
    "not in the room": encode({"action": "chat", "room": "x", "message": "x"}),
    "a second name": encode({"action": "connect", "username": "x"}),
}
GOOD = encode({"action": "leaveroom", "room": "nowhere"})


async def hears_errors(caller, count):
    """Hear so many errors, and nothing else between them."""
    for _ in range(count):
        message = await caller.hear()
        assert message is not None, "hung up on too early"
        assert message["action"] == "error", message
        assert message["code"] != "too_many_errors", "counted wrongly"


async def is_given_up(caller):
    """Hear that these were too many, and then the end."""
    await caller.is_refused("too_many_errors")
    await caller.is_hung_up_on()


@fault(since=8, each=BAD)
async def twenty_bad_ones_in_a_row(foes, value):
    """Each is answered, and the connection ends after the last answer."""
    caller = await foes.named()
    for _ in range(MANY):
        await caller.send(value)
        await hears_errors(caller, 1)
    await is_given_up(caller)


@fault(since=8)
async def twenty_bad_ones_at_once_and_more(foes):
    """Twenty answers arrive, though more is still coming when the connection ends."""
    caller, witness = await foes.named(), await foes.member()
    chat = encode({"action": "chat", "room": ROOM, "message": "after the end"})
    join = encode({"action": "joinroom", "room": ROOM})
    await caller.send(b"".join(BAD.values()) * 3 + join + chat * 1000)
    await hears_errors(caller, MANY)
    await is_given_up(caller)
    await witness.is_understood()
    assert not witness.has_heard_from(caller.name)


@fault(since=8, settings=AT_FULL_SPEED)
async def nineteen_bad_ones_and_a_good_one(foes):
    """A good one among them is understood, and the counting begins anew."""
    caller = await foes.named()
    for _ in range(4):
        await caller.send(frame(b"no") * (MANY - 1))
        await hears_errors(caller, MANY - 1)
        await caller.send(GOOD)
        await caller.hears("leaveroom", room="nowhere")


@fault(since=8, settings={"GOODBYE": "0.2"})
async def refused_and_still_there(foes):
    """Who does not hang up after the last word is hung up on, and soon."""
    for bad in (frame(b"no") * MANY, b"\xff\xff\xff"):
        for _ in range(10):
            caller = await foes.named()
            await caller.send(bad)
            await caller.is_hung_up_on()
    await foes.scene.back()
