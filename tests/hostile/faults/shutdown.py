"""What clients do while the server is told to stop.

Each function goes as far as its ``yield``; there the signal is sent, and the process
ends. What comes after the ``yield`` is what the clients have had of it.
"""

import asyncio
import contextlib
import json

from lab.wire import encode

from ..pair import ROOM
from . import fault
from .life import CUTS
from .reading import CHAT, MUCH, WINDOW


@fault(since=7)
async def nobody_else(foes):
    """Only the two are there, and talk."""
    foes.wait_for_nobody()
    yield


@contextlib.asynccontextmanager
async def listening(callers):
    """Have callers read to the end, and hang up then, as one should."""
    async with asyncio.TaskGroup() as tasks:
        for caller in callers:
            tasks.create_task(caller.listens_to_the_end())
        yield
    for caller in callers:
        assert caller.heard()[-1]["action"] == "bye"
        assert not caller.broken_off, "a reset may swallow what was said before it"


@fault(since=7)
async def clients_that_listen(foes):
    """All who read end with the same words, then hear bye, then the end."""
    foes.wait_for_nobody()
    witnesses = [await foes.member() for _ in range(3)]
    talker = await foes.member()
    words = [{"action": "chat", "room": ROOM, "message": f"{n}"} for n in range(300)]
    async with listening([*witnesses, talker]):
        await talker.send(b"".join(map(encode, words)))
        yield
    heard = [witness.heard("chat", "bye") for witness in witnesses]
    # Those who came earlier have heard more, of the two.
    assert len({json.dumps(messages[-len(heard[-1]) :]) for messages in heard}) == 1


@fault(since=7)
async def strangers(foes):
    """Fifty have not said who they are: they hear bye all the same."""
    foes.wait_for_nobody()
    callers = [await foes.call() for _ in range(50)]
    # After them, so that they are not at the door any more.
    async with listening([*callers, await foes.member()]):
        yield


@fault(since=7)
async def those_at_the_door(foes):
    """A hundred call at the very moment: whoever is let in is not forgotten."""
    foes.wait_for_nobody()

    async def calls():
        try:
            caller = await foes.call()
        except OSError:
            return  # too late
        await caller.listens_to_the_end()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(calls())
        await asyncio.sleep(0)  # they begin
        yield


@fault(since=7)
async def half_a_frame(foes):
    """Some are in the middle of a frame, and are told as all are."""
    foes.wait_for_nobody()
    members = {cut: await foes.member() for cut in CUTS.values()}
    async with listening(members.values()):
        for cut, member in members.items():
            await member.send(cut)
        yield


@fault(since=7)
async def half_closed(foes):
    """Ten have ended, and do not hang up."""
    members = [await foes.member() for _ in range(10)]
    for member in members:
        member.finish()
    yield


@fault(since=7)
async def who_never_reads(foes):
    """Five do not take what they are owed, and are waited for in vain, and not long."""
    for _ in range(5):
        await foes.member(takes=WINDOW)
    talker = await foes.member()
    await talker.send(*[CHAT] * (MUCH // 2))
    yield


@fault(since=7, settings={"GOODBYE": "0.5"})
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
