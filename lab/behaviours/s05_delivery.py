"""Step 05: the server delivers what is said to everyone else in the room."""

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect, expect_message, has, shown
from lab.client import Client
from lab.wire import Message, encode

VISITS = 40  # members who come and go while somebody talks: many more than it takes


def chat(room: str, text: str, sender: str) -> Message:
    """Return the message that the other members of a room receive."""
    return {"action": "chat", "room": room, "message": text, "from": sender}


@since(5, hint="send it to every member of the room except the sender")
async def chat_reaches_everyone_else(bench: Bench) -> None:
    """A message from Alice reaches Bob and Cleo with her name, but not Alice."""
    alice, bob, cleo = await bench.clients("alice", "bob", "cleo", room="tea")
    await alice.say("tea", "hello")
    for member in (bob, cleo):
        heard = await member.hear("chat")
        wanted = chat("tea", "hello", "alice")
        expect_message(heard, wanted, f"what {member.name} hears")
    # The answer to this comes after an echo, if there is one.
    await alice.leave("tea")
    echo = [message for message in alice.heard if message.get("action") == "chat"]
    expect(echo, [], "Alice's own messages, back to her")


@since(
    5,
    settings=AT_FULL_SPEED,
    hint="do not start a task for each message: they may overtake each other",
)
async def messages_arrive_in_order(bench: Bench) -> None:
    """A hundred messages of one client arrive in the order in which it sent them."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    said = [f"message {number}" for number in range(100)]
    for text in said:
        await alice.say("tea", text)
    heard = [(await bob.hear("chat")).get("message") for _ in said]
    expect(heard, said, "Bob receives")


@since(5, hint="keep one order across all rooms; do not send room by room")
async def rooms_do_not_overtake_each_other(bench: Bench) -> None:
    """Messages sent to two rooms alternately arrive in the same order."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    for client in (alice, bob):
        await client.join("milk")
    said = [(room, f"message {n}") for n in range(3) for room in ("tea", "milk")]
    frames = [encode({"action": "chat", "room": r, "message": t}) for r, t in said]
    await alice.connection.send(b"".join(frames))
    heard = [await bob.hear("chat") for _ in said]
    order = [(message.get("room"), message.get("message")) for message in heard]
    expect(order, said, "Bob receives, with the rooms")


@since(
    5,
    needs="writes",  # where no time passes, all of this happens in one turn of the loop
    hint="copy the members when the message is said; do not look them up later",
)
async def recipients_are_fixed_when_a_message_is_sent(bench: Bench) -> None:
    """Only the members who are in the room when a message is said receive it."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    cleo, dora = await bench.clients("cleo", "dora", room="milk")
    await alice.say("tea", "hello")
    await cleo.send({"action": "joinroom", "room": "tea"})
    await bob.send({"action": "leaveroom", "room": "tea"})
    await dora.send({"action": "joinroom", "room": "tea"})
    expect((await bob.hear("chat")).get("message"), "hello", "Bob receives")
    for late, missed in ((cleo, ("chat",)), (dora, ("chat", "leaveroom"))):
        while (await late.hear("joinroom")).get("from") != late.name:
            pass
        await late.join("milk")  # answered after all that was on its way
        early = [message for message in late.heard if message.get("action") in missed]
        expect(early, [], f"{late.name} receives of the messages before her")


@since(5, hint="look up the members of the room that the message names")
async def a_message_stays_in_its_room(bench: Bench) -> None:
    """A message to one room reaches that room only."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await bob.join("milk")
    (cleo,) = await bench.clients("cleo", room="coffee")
    await alice.say("tea", "for tea only")
    expect(
        (await bob.hear("chat")).get("message"), "for tea only", "Bob receives first"
    )
    await cleo.join("tea")
    await alice.say("tea", "for cleo, too")
    expect((await cleo.hear("chat")).get("message"), "for cleo, too", "Cleo receives")


@since(5, hint="ignore a message to a room that the client is not in")
async def only_members_are_heard(bench: Bench) -> None:
    """A message to a room that its sender has not joined, or has left, is ignored."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    (cleo,) = await bench.clients("cleo", room="coffee")
    await cleo.say("tea", "from outside")
    await cleo.join("tea")
    await cleo.send({"action": "joinroom", "room": "tea"})  # twice changes nothing
    await cleo.leave("tea")
    await cleo.say("tea", "from outside again")
    await cleo.leave("coffee")  # answered when all of the above is done
    await alice.say("tea", "from inside")
    expect((await bob.hear("chat")).get("message"), "from inside", "Bob receives")


@since(5, hint="build a new message; do not relay the one that arrived")
async def the_name_on_a_message_is_the_servers(bench: Bench) -> None:
    """Whatever fields a client adds to a message, the relay carries its real name."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await alice.send({**chat("tea", "hello", "the queen"), "colour": "red"})
    heard = await bob.hear("chat")
    expect_message(heard, chat("tea", "hello", "alice"), "Bob receives")
    expect(heard.get("colour"), None, "the colour, a field that the client made up")


@since(
    5,
    hint='answer the joiner with "members", and tell everyone else without it',
)
async def the_room_hears_a_join(bench: Bench) -> None:
    """All members of a room are told who joins; the joiner is told who is there."""
    (alice,) = await bench.clients("alice", room="tea")
    bob = await bench.client("bob")
    members = (await bob.join("tea")).get("members")
    expect(sorted(members or []), ["alice", "bob"], "the members that Bob receives")
    await bob.send({"action": "joinroom", "room": "tea"})  # nothing new to tell
    await bob.leave("tea")
    news = {"action": "joinroom", "room": "tea", "from": "bob"}
    await _hears_once(alice, news)


@since(5, hint="send one notice to the remaining members, if the client was in it")
async def the_room_hears_a_leave(bench: Bench) -> None:
    """All members of a room are told who leaves it."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await bob.leave("tea")
    await bob.leave("tea")  # the second time there is nothing to tell
    await _hears_once(alice, {"action": "leaveroom", "room": "tea", "from": "bob"})


@since(
    5, hint="leave all rooms in the finally of client_connected, and tell the others"
)
async def the_room_hears_a_disconnect(bench: Bench) -> None:
    """When a connection ends, all members of its rooms are told who left."""
    (alice,) = await bench.clients("alice", room="tea")
    await alice.join("milk")
    (bob,) = await bench.clients("bob", room="tea")
    await bob.join("milk")
    await bob.close()
    rooms = {(await alice.hear("leaveroom")).get("room") for _ in range(2)}
    expect(rooms, {"tea", "milk"}, "the rooms that Bob left")


@since(5, hint="use a finally: it also runs after an exception in a handler")
async def an_aborted_connection_leaves_the_room(bench: Bench) -> None:
    """A client whose invalid input ends its connection is removed from its rooms."""
    alice, mallory = await bench.clients("alice", "mallory", room="tea")
    await mallory.connection.send(b"\2\0\0[]")  # JSON, but not an object
    mallory.connection.finish()
    await _hears_once(alice, {"action": "leaveroom", "room": "tea", "from": "mallory"})


@since(
    5,
    settings=AT_FULL_SPEED,
    hint="catch OSError around each send: the sender did nothing wrong",
)
async def leaving_members_do_not_harm_a_talker(bench: Bench) -> None:
    """Members who vanish while Alice sends at full speed never end her connection."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    said = 0
    for visit in range(VISITS):
        (guest,) = await bench.clients(f"guest {visit}", room="tea")
        for _ in range(10):
            await alice.say("tea", f"message {said}")
            said += 1
        if visit % 2:
            guest.connection.reset()
        await guest.close()
    # In which order is a matter of its own.
    heard = {(await bob.hear("chat")).get("message") for _ in range(said)}
    expect(len(heard), said, "the number of different messages to Bob")
    await alice.leave("tea")


async def _hears_once(client: Client, news: Message) -> None:
    """Raise Unmet unless the client receives this message exactly once."""
    heard = await client.hear(news["action"])
    while heard.get("from") == client.name:
        heard = await client.hear(news["action"])
    expect_message(heard, news, f"what {client.name} hears")
    await client.leave(news["room"])
    often = f"how often {client.name} hears {shown(news)}"
    expect(sum(has(message, news) for message in client.heard), 1, often)
