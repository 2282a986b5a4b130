"""Step 11: the server slows down whoever talks too fast."""

import asyncio

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect, is_let_go, left
from lab.client import Client, Connection
from lab.unmet import Unmet
from lab.wire import encode

RATE = 10  # messages a second
BURST = 20  # messages at once
MANY = 120  # messages
TOO_LONG = 30  # seconds without a rest
MORE = 3  # seconds that it may take until that is noticed
MUCH = 800  # messages: more than a server keeps that has not asked for them
PADDED = 1000  # characters of each of these: many short ones take long to read
LONG = 30_000  # characters of a long one
HOW_LONG = 100  # long ones: three times as much as may wait for somebody
PACE = 2_000_000  # bytes a second, at which somebody reads


@since(11, needs="clock", hint="when the bucket is empty, sleep before you read on")
async def a_fast_sender_is_slowed_down(bench: Bench) -> None:
    """A burst of twenty messages passes immediately, further ones at ten a second."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await alice.connection.send(_chats(MANY))
    for seconds in range(1, 9):
        await bench.wait(1)
        heard, due = _chats_heard(bob, "alice"), BURST + RATE * seconds
        if abs(heard - due) > RATE:
            raise Unmet(f"about {due} messages after {seconds} s", f"{heard}")
    texts = [(await bob.hear("chat")).get("message") for _ in range(MANY)]
    expect(texts, [f"{number}" for number in range(MANY)], "Bob receives")


@since(11, needs="clock", hint="messages kept for later already cost you memory")
async def backpressure_reaches_the_sender(bench: Bench) -> None:
    """The server reads nothing that it cannot handle yet: the connection fills up."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    sending = asyncio.create_task(alice.connection.send(_chats(MUCH, PADDED)))
    try:
        await asyncio.wait({sending}, timeout=5.0)
        if sending.done():
            raise Unmet("a full connection", "a server that reads everything")
    finally:
        sending.cancel()
        await asyncio.wait({sending})
    await bob.say("tea", "hello")
    while (await alice.hear("chat")).get("from") != "bob":
        pass


@since(
    11,
    needs="clock",
    hint="note when a token was last left over; each client has its own bucket",
)
async def a_sender_that_never_rests_is_disconnected(bench: Bench) -> None:
    """A client too fast for 30 seconds is disconnected; one that pauses is not."""
    names = "alice", "bob", "cleo"
    alice, bob, cleo = await bench.clients(*names, room="tea")
    await alice.connection.send(_chats(BURST + RATE * (TOO_LONG + 2 * MORE)))
    for second in range(0, TOO_LONG + 3 * MORE, 3):
        before = _chats_heard(bob, "cleo")
        await cleo.connection.send(_chats(BURST + 5))
        await bench.wait(1)
        heard = _chats_heard(bob, "cleo") - before
        expect(heard, BURST + 5, "Bob receives from Cleo within a second")
        if second < TOO_LONG - 2:
            expect(left(bob), [], f"the clients that left after {second + 1} s")
        await bench.wait(2)
    await is_let_go(alice, "too_fast")
    expect((await bob.hear("leaveroom")).get("from"), "alice", "the clients that left")
    await cleo.join("milk")


@since(11, needs="clock", hint="the burst and the rate together bound the buffer")
async def a_reader_is_not_disconnected_by_a_fast_sender(bench: Bench) -> None:
    """A client that reads 2 MB a second gets every message and delays no one."""
    alice, bob, cleo = await bench.clients("alice", "bob", "cleo", room="tea")
    reader = await bench.member("reader", "tea")
    for client in (alice, bob, cleo):
        while (await client.hear("joinroom")).get("from") != "reader":
            pass
    sending = asyncio.create_task(_say_much(alice))
    try:
        size = await _read(reader, LONG)
        await bob.say("tea", "hello")
        await bob.say("tea", "still there?")  # after the whole room has had the first
        while (await cleo.hear("chat")).get("message") != "still there?":
            pass
        size += await _read(reader, HOW_LONG * LONG - size)
        if size < HOW_LONG * LONG:
            due = f"{HOW_LONG * LONG} bytes for the reader"
            raise Unmet(due, f"{size} bytes, then the end")
    finally:
        sending.cancel()
        await asyncio.wait({sending})
    expect(left(alice), [], "the clients that left")


def _chats(many: int, long: int = 0) -> bytes:
    """Return this many encoded messages for the room, each at least this long."""
    chat = {"action": "chat", "room": "tea"}
    texts = [f"{number}".ljust(long, ".") for number in range(many)]
    return b"".join(encode({**chat, "message": text}) for text in texts)


def _chats_heard(client: Client, speaker: str) -> int:
    chat = {"action": "chat", "from": speaker}
    return sum(chat.items() <= message.items() for message in client.heard)


async def _say_much(client: Client) -> None:
    for _ in range(HOW_LONG):
        await client.say("tea", "x" * LONG)


async def _read(connection: Connection, least: int) -> int:
    """Read this many bytes at a fixed pace, or to the end; return how many arrived."""
    size = 0
    while size < least and (data := await connection.receive()):
        size += len(data)
        await asyncio.sleep(len(data) / PACE)
    return size
