"""Step 10: the server notices who has gone silent."""

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect, is_let_go, left
from lab.client import Client
from lab.unmet import Unmet
from lab.wire import encode

SOON = 10  # seconds: to say connect, to finish a frame, to take some of what waits
ASKED = 30  # seconds of silence, until the server asks
ANSWER = 30  # seconds for the answer
MORE = 3  # seconds that all of these may take longer
HOUR = 3600  # seconds

LONG = 30_000  # characters of what is said
MUCH = 16  # of these: more than the wires take, less than may wait for somebody
SLOWLY = 16_384  # bytes a second: all of it takes longer than one may take nothing
FRAME = encode({"action": "joinroom", "room": "milk"})


@since(10, needs="clock", hint="give it 10 seconds, then the error, then the end")
async def no_connect_in_10_seconds_disconnects(bench: Bench) -> None:
    """Whoever has not said connect after 10 seconds is told so, and let go."""
    silent, babbling = await bench.stranger(), await bench.stranger()
    for _ in range(SOON - 1):
        await babbling.send({"action": "joinroom", "room": "tea"})
        await babbling.hear("error")
        await bench.wait(1)
    expect(silent.heard, [], "what one hears who has not said connect yet")
    await bench.wait(MORE)
    for stranger in (silent, babbling):
        await is_let_go(stranger, "silent")


@since(
    10,
    needs="clock",
    hint="count from the first byte of a frame to its last, whatever comes in between",
)
async def an_unfinished_frame_disconnects(bench: Bench) -> None:
    """Whoever has begun a frame, and not finished it after 10 seconds, is let go."""
    names = "alice", "bob", "cleo"
    alice, bob, cleo = await bench.clients(*names, room="tea")
    await bob.connection.send(FRAME[:1])
    for place in range(SOON + MORE):
        if place == SOON - 1:
            expect(left(alice), [], "who has left after 9 seconds")
        if not await _drips(cleo, place):
            break
        await bench.wait(1)
    for client in (bob, cleo):
        await is_let_go(client, "silent")
    gone = {(await alice.hear("leaveroom")).get("from") for _ in (bob, cleo)}
    expect(gone, {"bob", "cleo"}, "who has left")


@since(
    10,
    needs="clock",
    hint="it takes what was written and waits no more: look whether that grows",
)
async def a_client_that_takes_nothing_is_disconnected(bench: Bench) -> None:
    """Whoever takes nothing for 10 seconds is dropped; who takes it slowly stays."""
    alice = (await bench.clients("alice", room="tea"))[0]
    slow, stuck = [await bench.member(name, "tea") for name in ("slow", "stuck")]
    for _ in range(2):
        await alice.hear("joinroom")
    await _say_much(alice)
    for second in range(SOON + MORE):
        if second == SOON - 1:
            expect(left(alice), [], "who has left after 9 seconds")
        await slow.receive(SLOWLY)
        await bench.wait(1)
    expect((await alice.hear("leaveroom")).get("from"), "stuck", "who is gone")
    for _ in range(SOON):
        await slow.receive(SLOWLY)
        await bench.wait(1)
    expect(left(alice), ["stuck"], "who is gone")
    stuck.abort()


@since(
    10,
    needs="clock",
    hint="go on looking while you close: wait_closed() waits for ever",
)
async def a_finished_client_that_takes_nothing_is_disconnected(bench: Bench) -> None:
    """Whoever has said all, and takes nothing for 10 seconds, is dropped as well."""
    alice = (await bench.clients("alice", room="tea"))[0]
    stuck = await bench.member("stuck", "tea")
    await alice.hear("joinroom")
    await _say_much(alice)
    stuck.finish()
    await bench.wait(SOON + MORE)
    taken = len(await stuck.rest(bench.timeout))
    if taken > MUCH * LONG:
        raise Unmet("no more than has been on its way", "all that has waited")


@since(
    10,
    needs="clock",
    hint="ping after 30 seconds without a frame; 30 more, and the error and the end",
)
async def an_unanswered_ping_disconnects(bench: Bench) -> None:
    """Whoever is silent for 30 seconds hears ping; for 30 more, and they are let go."""
    alice, bob, cleo = await bench.clients("alice", "bob", "cleo", room="tea")
    bob.answers = False
    bench.cut(cleo)
    await bench.wait(ASKED - 1)
    expect(_pings(bob), 0, "the pings after 29 seconds")
    await bench.wait(MORE)
    expect(_pings(bob), 1, "the pings after 32 seconds")
    await bench.wait(ANSWER - MORE)
    expect(left(alice), [], "who has left after 59 seconds")
    await bench.wait(MORE)
    await is_let_go(bob, "silent")
    expect(_pings(bob), 1, "the pings in one silence")
    gone = {(await alice.hear("leaveroom")).get("from") for _ in (bob, cleo)}
    expect(gone, {"bob", "cleo"}, "who has left")


@since(10, needs="clock", hint="pong is an action; any frame is an answer to a ping")
async def a_client_that_answers_pings_stays(bench: Bench) -> None:
    """Whoever answers ping with pong stays for an hour, and hears no other word."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await bench.wait(HOUR)
    for client in (alice, bob):
        if not HOUR / (ASKED + MORE) < _pings(client) < HOUR / (ASKED - 2):
            expected = "a ping every 30 seconds of silence"
            raise Unmet(expected, f"{_pings(client)} in an hour")
    await alice.say("tea", "still there?")
    expect((await bob.hear()).get("message"), "still there?", "what bob hears next")


@since(10, needs="clock", hint="a frame that is whole begins every count anew")
async def a_talking_client_is_not_pinged(bench: Bench) -> None:
    """Whoever talks hears no ping, also if a frame of theirs is always unfinished."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await alice.connection.send(FRAME[:9])
    for _ in range(ASKED + MORE):
        await bench.wait(1)
        await alice.connection.send(FRAME[9:] + FRAME[:9])
    await alice.connection.send(FRAME[9:])
    await alice.join("lemon")
    expect(_pings(alice), 0, "the pings to alice, who talks")
    expect(_pings(bob), 1, "the pings to bob, who does not")


@since(
    10,
    needs="clock",
    hint="count seconds in which you were awake: a clock goes on while you are not",
)
async def after_a_suspension_no_client_is_disconnected(bench: Bench) -> None:
    """Whoever is waited for is given time anew when a machine has stood still."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    silent = await bench.member("silent", "milk")
    await bench.wait(ASKED + ANSWER - SOON)
    stranger = await bench.stranger()
    await bob.connection.send(FRAME[:9])
    await bench.wait(SOON - 2)
    bench.stand_still(HOUR)
    await bench.wait(SOON - 2)
    await bob.connection.send(FRAME[9:])
    expect((await bob.hear("joinroom")).get("room"), "milk", "what bob has joined")
    expect(stranger.heard, [], "what one hears who has not said connect yet")
    await silent.send(encode({"action": "leaveroom", "room": "milk"}))
    expect((await bob.hear("leaveroom")).get("from"), "silent", "who has left")
    await bench.wait(MORE + 1)
    await is_let_go(stranger, "silent")
    await alice.join("lemon")


async def _say_much(client: Client) -> None:
    for _ in range(MUCH):
        await client.say("tea", "x" * LONG)
    await client.join("milk")  # the answer comes after all of it


async def _drips(client: Client, place: int) -> bool:
    """Send one byte of a frame; return whether that could be done."""
    try:
        await client.connection.send(FRAME[place : place + 1])
    except Unmet:
        return False
    return True


def _pings(client: Client) -> int:
    return sum(message.get("action") == "ping" for message in client.heard)
