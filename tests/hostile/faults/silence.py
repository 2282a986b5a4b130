"""Who has gone silent, in whichever way. The times are shortened: see SETTINGS."""

import asyncio

from lab.behaviours import AT_FULL_SPEED
from lab.wire import encode

from ..pair import ROOM
from . import fault
from .life import CUTS
from .reading import CHAT, LITTLE, WINDOW

SETTINGS = {"utils03.TICK": "0.05"}  # seconds: twenty times as fast
MUCH = str(2**23)  # bytes that may be owed to one client
MUCH_AT_ONCE = {**AT_FULL_SPEED, "MAX_UNSENT": MUCH, "utils04.MAX_UNSENT": MUCH}
MORE = 160  # long messages: more than a system keeps, and less than may be owed here
BEGUN = {case: cut for case, cut in CUTS.items() if cut}


@fault(since=10, settings=SETTINGS)
async def never_says_who_it_is(foes):
    """A hundred call and say nothing: all are hung up on."""
    callers = [await foes.call() for _ in range(100)]
    for caller in callers:
        await caller.is_hung_up_on()


@fault(since=10, each=BEGUN, settings=SETTINGS)
async def never_finishes_a_frame(foes, value):
    """Ten begin a frame and stop: all are hung up on."""
    members = [await foes.member() for _ in range(10)]
    for member in members:
        await member.send(value)
    for member in members:
        await member.is_hung_up_on()


@fault(since=10, settings=SETTINGS)
async def drips(foes):
    """One sends a byte now and then: the time is for the frame, not for a byte."""
    member = await foes.named()
    for place in range(len(CHAT)):
        await member.send(CHAT[place : place + 1])
        if member.broken_off:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("a frame may take as long as it likes")


@fault(since=10, settings=SETTINGS)
async def never_answers_a_ping(foes):
    """Ten hear a ping, say nothing, and are hung up on."""
    callers = [await foes.named() for _ in range(10)]
    for caller in callers:
        await caller.hears("ping")
    for caller in callers:
        await caller.is_hung_up_on()


@fault(since=10, settings=SETTINGS)
async def answers_every_ping(foes):
    """Who answers stays, however silent they are."""
    caller = await foes.named()
    for _ in range(2):
        await caller.hears("ping")
        await caller.send({"action": "pong"})
    await caller.is_understood()


@fault(since=10, settings={**SETTINGS, **AT_FULL_SPEED})
async def never_takes_what_is_owed(foes):
    """Ten do not read, and less is owed than may be: they are hung up on."""
    members = [await foes.member(takes=WINDOW) for _ in range(10)]
    talker = await foes.member()
    await talker.send(*[CHAT] * LITTLE)
    # Each is watched from the moment that it came: so who goes first is chance.
    there = {member.name for member in members}
    while there:
        left = await talker.hears("leaveroom", room=ROOM)
        there.remove(left["from"])


@fault(since=10, settings={**SETTINGS, **MUCH_AT_ONCE})
async def ends_and_never_takes_what_is_owed(foes):
    """Two have ended, and do not read: the server does not wait for them for ever."""
    members = [await foes.member(takes=WINDOW) for _ in range(2)]
    talker = await foes.member()
    await talker.send(*[CHAT] * MORE)
    await talker.is_understood()
    for member in members:
        member.finish()
    talker.close()
    await foes.scene.back()


@fault(since=10, settings={"utils03.TICK": "0.1", **MUCH_AT_ONCE})
async def takes_slowly_what_is_owed(foes):
    """One takes 600 kB a second, and nobody has less than a second: it hears all."""
    slow, talker = await foes.member(takes=WINDOW), await foes.member()
    await talker.send(*[CHAT] * MORE)
    for _ in range(MORE):
        await slow.hears("chat", **{"from": talker.name})
        await asyncio.sleep(0.05)


@fault(since=10, settings={**SETTINGS, **AT_FULL_SPEED})
async def pongs_that_nobody_asked_for(foes):
    """They are no bad messages, and no news to anybody."""
    caller = await foes.named()
    await caller.send(encode({"action": "pong"}) * 100)
    await caller.is_understood()
