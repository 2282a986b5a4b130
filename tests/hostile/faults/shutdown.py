"""What clients do while the server is told to stop.

Each function goes as far as its ``yield``; there the signal is sent, and the process
ends. What comes after the ``yield`` is what the clients have had of it.
"""

import asyncio

from lab.wire import encode

from ..pair import ROOM
from . import fault
from .life import CUTS
from .reading import CHAT, MUCH, WINDOW

AT_ONCE = 2.0  # seconds, on a busy machine, where nobody has to be waited for


@fault(since=7)
async def nobody_else(foes):
    """Only the two are there, and talk."""
    foes.within = AT_ONCE
    yield


@fault(since=7)
async def clients_that_listen(foes):
    """All who read end with the same words, then hear bye, then the end."""
    foes.within = AT_ONCE
    witnesses = [await foes.member() for _ in range(3)]
    talker = await foes.member()
    words = [{"action": "chat", "room": ROOM, "message": f"{n}"} for n in range(300)]
    await talker.send(b"".join(map(encode, words)))
    yield
    for witness in witnesses:
        await witness.is_hung_up_on()
    heard = [witness.last(20) for witness in witnesses]
    assert heard[0][-1]["action"] == "bye"
    assert heard[0][0]["action"] == "chat"
    assert heard[1:] == heard[:-1]


@fault(since=7)
async def strangers(foes):
    """Fifty have not said who they are: they hear bye all the same."""
    foes.within = AT_ONCE
    callers = [await foes.call() for _ in range(50)]
    await foes.member()  # who has come after them: they are not at the door any more
    yield
    for caller in callers:
        await caller.hears("bye")
        await caller.is_hung_up_on()


@fault(since=7)
async def those_at_the_door(foes):
    """A hundred call at the very moment: whoever is let in is not forgotten."""
    callers = [foes.call() for _ in range(100)]
    calls = asyncio.gather(*callers, return_exceptions=True)
    yield
    for caller in await calls:
        if not isinstance(caller, OSError):
            await caller.hear_the_end()


@fault(since=7, each=CUTS)
async def half_a_frame(foes, value):
    """Ten are in the middle of a frame."""
    foes.within = AT_ONCE
    members = [await foes.member() for _ in range(10)]
    for member in members:
        await member.send(value)
    yield
    for member in members:
        await member.is_hung_up_on()


@fault(since=7)
async def half_closed(foes):
    """Ten have ended, and do not hang up."""
    members = [await foes.member() for _ in range(10)]
    for member in members:
        member.finish()
    yield


@fault(since=7)
async def who_never_reads(foes):
    """Five owe what they do not take, and are not waited for longer than it was said."""
    for _ in range(5):
        await foes.member(takes=WINDOW)
    talker = await foes.member()
    await talker.send(*[CHAT] * (MUCH // 2))
    yield


@fault(since=7)
async def who_does_not_stop_talking(foes):
    """One says more and more, and reads nothing."""
    talker = await foes.member(takes=WINDOW)
    talking = asyncio.create_task(talker.send(*[CHAT] * 10 * MUCH))
    try:
        await asyncio.sleep(0)
        yield
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


@fault(since=7)
async def who_breaks_off(foes):
    """Fifty break off in the very moment."""
    members = [await foes.member() for _ in range(50)]
    for member in members:
        member.reset()
    yield
