"""Who talks faster than they may."""

from lab.wire import encode

from ..pair import ROOM
from . import fault
from .reading import CHAT

# The name is to be that of server11; the value is seconds with an empty bucket.
SETTINGS = {"TOO_FAST_TIME": "1.0"}
SHORT = encode({"action": "chat", "room": ROOM, "message": "flood"})


@fault(since=11)
async def ten_talk_at_full_speed(foes):
    """Ten say a thousand things at once in the room of the two, and leave."""
    talkers = [await foes.member() for _ in range(10)]
    for talker in talkers:
        await talker.send(SHORT * 1000)


@fault(since=11)
async def one_says_much_at_full_speed(foes):
    """One says in long texts what nobody could read so fast: nobody is thrown out."""
    witness, talker = await foes.member(takes=4096), await foes.member()
    await talker.send(*[CHAT] * 30)
    await witness.is_understood()


@fault(since=11, settings=SETTINGS)
async def one_does_not_slow_down(foes):
    """Who goes on in spite of being slowed down is told so, and hung up on."""
    talker = await foes.named()
    await talker.send(encode({"action": "leaveroom", "room": "nowhere"}) * 1000)
    while (message := await talker.hear()) is not None:
        last = message
    assert last.get("code") == "too_fast", last
    assert not talker.broken_off
