"""Too many of something. The numbers are made smaller: see SETTINGS."""

import asyncio

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode

from ..pair import ROOM
from . import fault

FEW = {"MAX_CLIENTS": "50"}
ROOMS = 50  # that one client may be in


@fault(since=12, only_on="linux", settings=FEW)
async def more_than_there_is_room_for(foes):
    """Whoever finds it full is told so; when some have gone, others come in."""
    for _ in range(48):
        await foes.named()
    for _ in range(20):
        caller = await foes.call()
        await caller.is_refused("full")
        await caller.is_hung_up_on()
    foes.leave()
    await foes.scene.back()
    for _ in range(40):
        await (await foes.named()).is_understood()


@fault(since=12, only_on="linux", settings={**FEW, "GOODBYE": "0.5"})
async def who_is_refused_and_stays(foes):
    """A hundred find it full and do not hang up: they keep no place, and go soon."""
    inside = [await foes.named() for _ in range(48)]
    for _ in range(100):
        await (await foes.call()).is_refused("full")
    for caller in inside[:10]:
        caller.finish()
        await caller.is_hung_up_on()
    heirs = [await foes.named() for _ in range(10)]
    for caller in heirs:
        await caller.is_understood()
    for caller in inside[10:] + heirs:
        caller.finish()
    await foes.scene.back()


@fault(since=12, only_on="linux")
async def too_many_from_one_address(foes):
    """The twenty-first of an address is refused, and others come in."""
    for _ in range(20):
        await foes.named(source="127.0.0.9")
    for _ in range(20):
        caller = await foes.call(source="127.0.0.9")
        await caller.is_refused("full")
        await caller.is_hung_up_on()
    await (await foes.named()).is_understood()


@fault(since=12, settings=AT_FULL_SPEED)
async def too_many_rooms(foes):
    """A room too many is refused; when one is left, another may be joined."""
    caller = await foes.named()
    for number in range(ROOMS):
        await caller.send({"action": "joinroom", "room": f"room {number}"})
    await caller.send({"action": "joinroom", "room": "one too many"})
    for _ in range(ROOMS):
        await caller.hears("joinroom")
    await caller.is_refused("too_many_rooms")
    await caller.send({"action": "leaveroom", "room": "room 0"})
    await caller.send({"action": "joinroom", "room": "instead"})
    await caller.hears("joinroom", room="instead")


@fault(since=12, only_on="linux")
async def no_descriptor_is_left(foes):
    """Out of descriptors it serves those inside, and lets others in afterwards."""
    inside = await foes.member()
    with foes.descriptors_are_scarce(spare=5):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(40):
                tasks.create_task(foes.call())
        await inside.send(encode({"action": "chat", "room": ROOM, "message": "still"}))
        await inside.is_understood()
