"""Step 08: the server shrugs off bad input."""

import asyncio
import json

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect
from lab.behaviours.s08_utils02_strictness import WRITTEN_WITH_JOINERS, WRONG
from lab.client import Client, Connection
from lab.course.error_codes import codes
from lab.unmet import Unmet
from lab.wire import encode, frame

HUGE = 12 * 2**20  # characters: less than a header can say, and more than may wait
IN_A_ROW = 20  # messages refused, after which the server hangs up
AT_ONCE = 1.0  # seconds: much less than the server reads on for
LET_GO = 20  # seconds in which the server closes what it has ended, whoever sends on
MAX_PAYLOAD = 2**16  # bytes
LONG = 2**14  # characters: as UTF-8 half a payload, and escaped in JSON more than one
BAD, GOOD = b"not JSON", {"action": "joinroom", "room": "tea"}


@since(8, hint='answer {"action":"error","code":...,"detail":...}, and go on reading')
async def refusals_are_answered(bench: Bench) -> None:
    """Whatever is refused is answered with its code, and the next message is heard."""
    (bob,) = await bench.clients("bob", room="tea")
    for number, (payload, code) in enumerate(WRONG.items()):
        if code == "bad_name":
            continue  # who has one, has said connect already
        (guest,) = await bench.clients(f"guest {number}", room="tea")
        await guest.connection.send(frame(payload))
        await _is_refused(guest, code)
        await guest.say("tea", code)
        expect((await bob.hear("chat")).get("message"), code, "what bob hears")
        await guest.close()


@since(
    8,
    hint="send the error, end the stream, and read off what still comes before close()",
)
async def a_payload_that_is_too_large_ends_the_connection(bench: Bench) -> None:
    """Who announces too large a payload hears why, and then the end of the stream."""
    (alice,) = await bench.clients("alice", room="tea")
    (mallory,) = await bench.clients("mallory", room="tea")
    try:
        await mallory.connection.send((2**23).to_bytes(3, "little") + bytes(2**22))
    except Unmet as unmet:
        raise Unmet("an error with too_large, then the end", unmet.got) from unmet
    await _is_refused(mallory, "too_large")
    await _ends(mallory)
    await alice.hear("leaveroom")


@since(
    8,
    needs="clock",
    hint="take it out of its rooms before you read off what still comes",
)
async def a_refused_client_leaves_its_rooms_at_once(bench: Bench) -> None:
    """A refused client leaves its rooms at once, even if it stays connected."""
    (alice,) = await bench.clients("alice", room="tea")
    mallory = await bench.member("mallory", "tea")
    await alice.hear("joinroom")
    begin = asyncio.get_running_loop().time()
    await mallory.send(b"\xff\xff\xff")
    await alice.hear("leaveroom")
    seconds = asyncio.get_running_loop().time() - begin
    if seconds > AT_ONCE:
        raise Unmet("leaveroom at once", f"leaveroom after {seconds:.0f} s")


@since(
    8,
    needs="clock",
    hint="read off what still comes for a few seconds only, and then close()",
)
async def a_refused_client_is_not_read_from_for_ever(bench: Bench) -> None:
    """A refused client that goes on sending is disconnected within seconds."""
    mallory = await bench.call()
    await mallory.send(b"\xff\xff\xff")
    await mallory.rest(bench.timeout)  # the error, and the end of the server's half
    for _ in range(LET_GO):
        await bench.wait(1.0)
        try:
            await mallory.send(b"still here")
        except Unmet:
            return
    raise Unmet("a closed connection", f"one that is still read from after {LET_GO} s")


@since(8, hint="encode it with ensure_ascii=False: encode() of utils02 does")
async def no_payload_is_larger_than_one_may_send(bench: Bench) -> None:
    """What the server sends fits into a payload of 64 KiB, in any script."""
    (bob,) = await bench.clients("bob", room="tea")
    reader = await bench.member("reader", "tea")
    await bob.hear("joinroom")
    said = {"action": "chat", "room": "tea", "message": "\u00e9" * (LONG - 8)}
    await bob.connection.send(frame(json.dumps(said, ensure_ascii=False).encode()))
    while True:
        size = int.from_bytes(await _exactly(reader, 3), "little")
        if size > MAX_PAYLOAD:
            raise Unmet(f"at most {MAX_PAYLOAD} bytes", f"a payload of {size}")
        if b'"chat"' in await _exactly(reader, size):
            return


@since(8, hint="refuse it: what is written to all of them is more than may wait")
async def no_message_is_too_large_to_deliver(bench: Bench) -> None:
    """However long a text Mallory sends, the others hear each other afterwards."""
    alice, bob, mallory = await bench.clients("alice", "bob", "mallory", room="tea")
    texts = ("x" * HUGE, "hello")
    frames = [
        encode({"action": "chat", "room": "tea", "message": text}) for text in texts
    ]
    try:
        await mallory.connection.send(b"".join(frames))
    except Unmet:
        pass  # whether mallory hears why is a matter of its own
    while (await alice.hear()).get("action") not in ("chat", "leaveroom"):
        pass
    await alice.say("tea", "still there?")
    while (await bob.hear("chat")).get("from") != "alice":
        pass
    late = [message for message in bob.heard if message.get("message") == "hello"]
    expect(late, [], "what bob hears of mallory, whose text was refused")


@since(
    8,
    settings=AT_FULL_SPEED,
    hint="count those in a row; one that is understood sets the count to zero",
)
async def too_many_bad_messages_in_a_row_end_the_connection(bench: Bench) -> None:
    """Twenty bad messages in a row end the connection, and nineteen do not."""
    alice = await bench.stranger()
    for good in ({"action": "connect", "username": "alice"}, GOOD):
        for _ in range(IN_A_ROW - 1):
            await alice.connection.send(frame(BAD))
            await _is_refused(alice, "not_json")
        await alice.send(good)
    await alice.hear("joinroom")
    for _ in range(IN_A_ROW):
        await alice.connection.send(frame(BAD))
        await _is_refused(alice, "not_json")
    await _is_refused(alice, "too_many_errors")
    await _ends(alice)


@since(8, hint="keep the names in a set, folded; take each out wherever a client goes")
async def a_name_belongs_to_one_at_a_time(bench: Bench) -> None:
    """A name that is in use is refused, and it is free again when its client goes."""
    names = "Alice", "ALICE", "\uff21lice", "alice"  # the third has a wide letter
    for number, name in enumerate(names):
        owner = await bench.client(name)
        await owner.join("tea")
        other = await bench.client(names[number - 1])
        await _is_refused(other, "name_taken")
        await other.close()
        match number:
            case 0:
                owner.connection.finish()
            case 1:
                owner.connection.reset()
            case 2:
                await owner.connection.send(b"\xff\xff\xff")
            case 3:
                await owner.close()
        await owner.hear_the_end()
        await _is_free(bench, names[number - 1])


@since(8, hint="give a client its name only when you know that the name is free")
async def a_client_whose_name_was_refused_has_none(bench: Bench) -> None:
    """A client cannot use a name that was refused, and its owner keeps the name."""
    await bench.clients("alice", room="tea")
    mallory = await bench.client("alice")
    await _is_refused(mallory, "name_taken")
    await mallory.send(GOOD)
    await _is_refused(mallory, "not_connected")
    await mallory.close()
    await _is_refused(await bench.client("alice"), "name_taken")


@since(8, hint="raise what you also raise for bad input: it has the same answer")
async def forbidden_requests_are_refused(bench: Bench) -> None:
    """Speaking before connect or from outside, and a second connect, are refused."""
    alice = await bench.stranger()
    for action in ("joinroom", "leaveroom", "chat"):
        await alice.send({"action": action, "room": "tea", "message": "hello"})
        await _is_refused(alice, "not_connected")
    await alice.send({"action": "connect", "username": "alice"})
    await alice.say("tea", "hello")
    await _is_refused(alice, "not_in_room")
    await alice.send({"action": "connect", "username": "mallory"})
    await _is_refused(alice, "already_connected")


@since(8, needs="output", hint="print it with !a: no terminal obeys that")
async def printed_names_are_escaped(bench: Bench) -> None:
    """A name is printed with everything escaped that is not plain ASCII."""
    await bench.client("Zoë 茶")
    await bench.prints(r"'Zo\xeb \u8336' has connected")


@since(8, hint="send the room that you have understood, not the one that came")
async def room_names_are_stripped(bench: Bench) -> None:
    """Who joins a room with spaces around its name is in the room without them."""
    alice, bob = await bench.clients("alice", "bob", room="hot tea")
    cleo = await bench.client("cleo")
    await cleo.send({"action": "joinroom", "room": "  hot tea\t"})
    expect((await cleo.hear("joinroom")).get("room"), "hot tea", "cleo's room")
    await cleo.say("hot tea ", "hello")
    for member in (alice, bob):
        heard = await member.hear("chat")
        expect(heard.get("room"), "hot tea", f"the room of what {member.name} hears")


@since(8, hint="refuse what docs/protocol.rst says of names; leave the rest as it is")
async def names_show_all_that_they_are_made_of(bench: Bench) -> None:
    """A name with something invisible is refused, and one that needs it is not."""
    mallory = await bench.stranger()
    for name in ("alice\u200d", "alice\ufe0f", "al\u00adice", "\u3164", "\u2800"):
        await mallory.send({"action": "connect", "username": name})
        await _is_refused(mallory, "bad_name")
    for name in WRITTEN_WITH_JOINERS:
        guest = await bench.client(name)
        await guest.send(GOOD)
        joined = await guest.hear("joinroom")
        expect(joined.get("from"), name, "the name of who joins")
        other = await bench.client(name.replace("\u200c", "").replace("\u200d", ""))
        if other.name != name:  # to the eye, it is the same
            await _is_refused(other, "name_taken")
        await other.close()
        await guest.close()


@since(8, hint="bring a room into the form NFC where it comes in, before all else")
async def a_room_typed_in_two_forms_is_one_room(bench: Bench) -> None:
    """Members who type an accent in different ways are in the same room."""
    room, typed = "caf\u00e9", "cafe\u0301"
    (alice,) = await bench.clients("alice", room=room)
    bob = await bench.client("bob")
    await bob.send({"action": "joinroom", "room": typed})
    joined = await bob.hear("joinroom")
    expect(joined.get("room"), room, "bob's room")
    members = sorted(joined.get("members") or [])
    expect(members, ["alice", "bob"], "the members of bob's room")
    await bob.say(typed, "hello")
    expect((await alice.hear("chat")).get("room"), room, "the room that alice hears of")
    await alice.say(room, "bonjour")
    expect((await bob.hear("chat")).get("message"), "bonjour", "what bob hears")


async def _exactly(connection: Connection, size: int) -> bytes:
    """Return so many bytes; Unmet if the stream ends before."""
    data = b""
    while len(data) < size:
        more = await connection.receive(size - len(data))
        if not more:
            raise Unmet("a whole message", f"an end after {len(data)} bytes")
        data += more
    return data


async def _is_refused(client: Client, code: str) -> None:
    error = await client.hear("error")
    expect(error.get("code"), code, f"the code of {client.name}'s error")
    if code not in codes() or not isinstance(error.get("detail"), str):
        raise Unmet("a code of the protocol, and a detail for people", repr(error))


async def _ends(client: Client) -> None:
    await client.hear_the_end()
    if client.connection.broken:
        raise Unmet("the end of the stream", "a connection broken off")


async def _is_free(bench: Bench, name: str) -> None:
    """Unmet unless a client can take the name, once or after its owner has gone."""
    for _ in range(IN_A_ROW):
        client = await bench.client(name)
        await client.send(GOOD)
        answer = await client.hear()
        await client.close()
        if answer.get("action") != "error":
            return
    raise Unmet(f"the name {name} to be free again", repr(answer))
