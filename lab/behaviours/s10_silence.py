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


@since(10, needs="clock", hint="wait 10 seconds, send the error, then end the stream")
async def no_connect_in_10_seconds_disconnects(bench: Bench) -> None:
    """A client without a connect after 10 seconds gets an error and is disconnected."""
    silent, babbling = await bench.stranger(), await bench.stranger()
    for _ in range(SOON - 1):
        await babbling.send({"action": "joinroom", "room": "tea"})
        await babbling.hear("error")
        await bench.wait(1)
    expect(silent.heard, [], "a client without a name receives")
    await bench.wait(MORE)
    for stranger in (silent, babbling):
        await is_let_go(stranger, "silent")


@since(
    10,
    needs="clock",
    hint="count from a frame's first byte to its last; no byte resets the count",
)
async def an_unfinished_frame_disconnects(bench: Bench) -> None:
    """A client that does not finish a frame within 10 seconds is disconnected."""
    names = "alice", "bob", "cleo"
    alice, bob, cleo = await bench.clients(*names, room="tea")
    await bob.connection.send(FRAME[:1])
    for place in range(SOON + MORE):
        if place == SOON - 1:
            expect(left(alice), [], "the clients that left after 9 seconds")
        if not await _drips(cleo, place):
            break
        await bench.wait(1)
    for client in (bob, cleo):
        await is_let_go(client, "silent")
    gone = {(await alice.hear("leaveroom")).get("from") for _ in (bob, cleo)}
    expect(gone, {"bob", "cleo"}, "the clients that left")


@since(
    10,
    needs="clock",
    hint="compare how many bytes left the write buffer with the tick before",
)
async def a_client_that_takes_nothing_is_disconnected(bench: Bench) -> None:
    """A client that reads nothing for 10 seconds is disconnected; a slow one stays."""
    alice = (await bench.clients("alice", room="tea"))[0]
    slow, stuck = [await bench.member(name, "tea") for name in ("slow", "stuck")]
    for _ in range(2):
        await alice.hear("joinroom")
    await _say_much(alice)
    for second in range(SOON + MORE):
        if second == SOON - 1:
            expect(left(alice), [], "the clients that left after 9 seconds")
        await slow.receive(SLOWLY)
        await bench.wait(1)
    expect(
        (await alice.hear("leaveroom")).get("from"),
        "stuck",
        "the clients that left",
    )
    for _ in range(SOON):
        await slow.receive(SLOWLY)
        await bench.wait(1)
    expect(left(alice), ["stuck"], "the clients that left")
    stuck.abort()


@since(
    10,
    needs="clock",
    hint="keep counting while you close: wait_closed() may never return",
)
async def a_finished_client_that_takes_nothing_is_disconnected(bench: Bench) -> None:
    """A client that ended its stream but reads nothing for 10 s is disconnected."""
    alice = (await bench.clients("alice", room="tea"))[0]
    stuck = await bench.member("stuck", "tea")
    await alice.hear("joinroom")
    await _say_much(alice)
    stuck.finish()
    await bench.wait(SOON + MORE)
    taken = len(await stuck.rest(bench.timeout))
    if taken > MUCH * LONG:
        raise Unmet("the server aborts and discards what waits", "all of it arrived")


@since(
    10,
    needs="clock",
    hint="ping after 30 seconds without a frame; after 30 more, send the error and end",
)
async def an_unanswered_ping_disconnects(bench: Bench) -> None:
    """A client silent for 30 seconds gets ping; 30 seconds later it is disconnected."""
    alice, bob, cleo = await bench.clients("alice", "bob", "cleo", room="tea")
    bob.answers = False
    bench.cut(cleo)
    await bench.wait(ASKED - 1)
    expect(_pings(bob), 0, "the pings after 29 seconds")
    await bench.wait(MORE)
    expect(_pings(bob), 1, "the pings after 32 seconds")
    await bench.wait(ANSWER - MORE)
    expect(left(alice), [], "the clients that left after 59 seconds")
    await bench.wait(MORE)
    await is_let_go(bob, "silent")
    expect(_pings(bob), 1, "the pings in one silence")
    gone = {(await alice.hear("leaveroom")).get("from") for _ in (bob, cleo)}
    expect(gone, {"bob", "cleo"}, "the clients that left")


@since(10, needs="clock", hint="pong is an action; any frame is an answer to a ping")
async def a_client_that_answers_pings_stays(bench: Bench) -> None:
    """A client that answers ping with pong stays connected for an hour."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await bench.wait(HOUR)
    for client in (alice, bob):
        if not HOUR / (ASKED + MORE) < _pings(client) < HOUR / (ASKED - 2):
            expected = "a ping every 30 seconds of silence"
            raise Unmet(expected, f"{_pings(client)} in an hour")
    await alice.say("tea", "still there?")
    expect((await bob.hear()).get("message"), "still there?", "Bob receives next")


@since(10, needs="clock", hint="a complete frame resets every count")
async def a_talking_client_is_not_pinged(bench: Bench) -> None:
    """A client that keeps sending gets no ping, even with an unfinished frame."""
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
    hint="count seconds in which you were awake: a clock runs on while you are not",
)
async def after_a_suspension_no_client_is_disconnected(bench: Bench) -> None:
    """After the machine was suspended, every client gets its full time again."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    silent = await bench.member("silent", "milk")
    await bench.wait(ASKED + ANSWER - SOON)
    stranger = await bench.stranger()
    await bob.connection.send(FRAME[:9])
    await bench.wait(SOON - 2)
    bench.stand_still(HOUR)
    await bench.wait(SOON - 2)
    await bob.connection.send(FRAME[9:])
    expect((await bob.hear("joinroom")).get("room"), "milk", "the room that Bob joined")
    expect(stranger.heard, [], "a client without a name receives")
    await silent.send(encode({"action": "leaveroom", "room": "milk"}))
    expect((await bob.hear("leaveroom")).get("from"), "silent", "the clients that left")
    await bench.wait(MORE + 1)
    await is_let_go(stranger, "silent")
    await alice.join("lemon")


async def _say_much(client: Client) -> None:
    for _ in range(MUCH):
        await client.say("tea", "x" * LONG)
    await client.join("milk")  # the answer comes after all of it


async def _drips(client: Client, place: int) -> bool:
    """Send one byte of a frame; return whether that was possible."""
    try:
        await client.connection.send(FRAME[place : place + 1])
    except Unmet:
        return False
    return True


def _pings(client: Client) -> int:
    return sum(message.get("action") == "ping" for message in client.heard)
