"""Step 04: the server remembers who is in which room."""

import asyncio

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect

LONG = 30_000  # characters: more than a server may want to take care of in one go


@since(4, hint='send the action and the room back, with "from": its own name')
async def joining_is_acknowledged(bench: Bench) -> None:
    """A client that joins a room gets an answer with the room and its name."""
    alice = await bench.client("alice")
    await alice.join("tea")


@since(4, needs="clock", hint="send each answer as soon as you have it")
async def an_answer_takes_no_time(bench: Bench) -> None:
    """The server answers each request immediately, whatever came before it."""
    alice = await bench.client("alice")
    begin = asyncio.get_running_loop().time()
    await alice.join("tea")
    await alice.say("tea", "x" * LONG)
    await alice.leave("tea")
    expect(asyncio.get_running_loop().time() - begin, 0.0, "seconds for two answers")


@since(4, hint='send the action and the room back, with "from": its own name')
async def leaving_is_acknowledged(bench: Bench) -> None:
    """A client that leaves a room gets an answer."""
    (alice,) = await bench.clients("alice", room="tea")
    await alice.leave("tea")


@since(
    4, hint="answer every time; keep the members in a set, which holds everything once"
)
async def joining_twice_changes_nothing(bench: Bench) -> None:
    """Joining a room twice is answered twice, and leaving it once is enough."""
    (alice,) = await bench.clients("alice", room="tea")
    await alice.join("tea")
    await alice.leave("tea")
    await alice.leave("tea")
    expect(len(alice.heard), 4, "the number of answers")


@since(4, hint="skip a message with an unknown action, or without one")
async def an_unknown_action_keeps_the_connection(bench: Bench) -> None:
    """After a message with an unknown action, the next one is still answered."""
    alice = await bench.client("alice")
    await alice.send({"action": "dance"})
    await alice.send({})
    await alice.join("tea")


@since(4, hint="an exception may end the connection it came from, and no other")
async def rubbish_harms_no_other_client(bench: Bench) -> None:
    """However one client disconnects, the others still get their answers."""
    (alice,) = await bench.clients("alice", room="tea")
    for rubbish in (b"\2\0\0[]", b"\3\0\0\x80\x80\x80", b"\x40\0\0half a message"):
        (mallory,) = await bench.clients("mallory", room="tea")
        await mallory.connection.send(rubbish)
        mallory.connection.finish()
        await mallory.hear_the_end()
    await alice.leave("tea")


@since(4, until=8, hint="return from the handler while the client has no name")
async def messages_before_connect_are_ignored(bench: Bench) -> None:
    """Joining or leaving before connect is ignored; after it, joining is answered."""
    alice = await bench.stranger()
    for action in ("joinroom", "leaveroom"):
        await alice.send({"action": action, "room": "coffee"})
    await alice.send({"action": "connect", "username": "alice"})
    alice.name = "alice"
    await alice.join("tea")
    rooms = [message.get("room") for message in alice.heard]
    expect(rooms, ["tea"], "the rooms of Alice's messages")


@since(4, hint="set the name only while the client has none")
async def a_second_connect_changes_no_name(bench: Bench) -> None:
    """A second connect changes nothing: the client keeps its name."""
    alice = await bench.client("alice")
    await alice.send({"action": "connect", "username": "mallory"})
    await alice.join("tea")


@since(
    4,
    until=5,
    needs="output",
    hint='print(f"{others} should hear {text!r}"), others being a list of names',
)
async def recipients_are_printed(bench: Bench) -> None:
    """The server prints the names of the members who should receive each message."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await alice.say("tea", "hello")
    await bench.prints("['bob'] should hear 'hello'")
    await bob.connection.close()
    await bench.prints("Client gone.")
    await alice.say("tea", "still there?")
    await bench.prints("[] should hear 'still there?'")
