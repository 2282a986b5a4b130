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
    """A refused message gets its error code, and the next one is handled."""
    (bob,) = await bench.clients("bob", room="tea")
    for number, (payload, code) in enumerate(WRONG.items()):
        if code == "bad_name":
            continue  # who has one, has said connect already
        (guest,) = await bench.clients(f"guest {number}", room="tea")
        await guest.connection.send(frame(payload))
        await _is_refused(guest, code)
        await guest.say("tea", code)
        expect((await bob.hear("chat")).get("message"), code, "Bob receives")
        await guest.close()


@since(
    8,
    hint="send the error, end the stream, and discard further input before close()",
)
async def a_payload_that_is_too_large_ends_the_connection(bench: Bench) -> None:
    """A client that announces too large a payload gets the reason, then the end."""
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
    hint="remove it from its rooms before you discard further input",
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
        raise Unmet("leaveroom immediately", f"leaveroom after {seconds:.0f} s")


@since(
    8,
    needs="clock",
    hint="discard further input for a few seconds only, and then close()",
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
    raise Unmet("a closed connection", f"a server that still reads after {LET_GO} s")


@since(8, hint="encode it with ensure_ascii=False: encode() of utils02 does")
async def no_payload_is_larger_than_one_may_send(bench: Bench) -> None:
    """Every payload that the server sends fits into 64 KiB, in any script."""
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


@since(8, hint="refuse it: sent to every member, it exceeds the buffer limit")
async def no_message_is_too_large_to_deliver(bench: Bench) -> None:
    """However long a text Mallory sends, the others can still talk afterwards."""
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
    expect(late, [], "Bob receives from Mallory, whose text was refused")


@since(
    8,
    settings=AT_FULL_SPEED,
    hint="count errors in a row; a valid message sets the count to zero",
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


@since(8, hint="keep folded names in a set; remove each when its client disconnects")
async def a_name_belongs_to_one_at_a_time(bench: Bench) -> None:
    """A name in use is refused; it is free again when its client disconnects."""
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


@since(8, hint="set a client's name only when you know that the name is free")
async def a_client_whose_name_was_refused_has_none(bench: Bench) -> None:
    """A client cannot use a name that was refused; the name's owner keeps it."""
    await bench.clients("alice", room="tea")
    mallory = await bench.client("alice")
    await _is_refused(mallory, "name_taken")
    await mallory.send(GOOD)
    await _is_refused(mallory, "not_connected")
    await mallory.close()
    await _is_refused(await bench.client("alice"), "name_taken")


@since(8, hint="raise what you raise for bad input: it gets the same answer")
async def forbidden_requests_are_refused(bench: Bench) -> None:
    """Messages before connect or from outside, and a second connect, are refused."""
    alice = await bench.stranger()
    for action in ("joinroom", "leaveroom", "chat"):
        await alice.send({"action": action, "room": "tea", "message": "hello"})
        await _is_refused(alice, "not_connected")
    await alice.send({"action": "connect", "username": "alice"})
    await alice.say("tea", "hello")
    await _is_refused(alice, "not_in_room")
    await alice.send({"action": "connect", "username": "mallory"})
    await _is_refused(alice, "already_connected")


@since(8, needs="output", hint="print names with !a, which escapes control characters")
async def printed_names_are_escaped(bench: Bench) -> None:
    """A printed name has every character escaped that is not plain ASCII."""
    await bench.client("Zoë 茶")
    await bench.prints(r"'Zo\xeb \u8336' has connected")


@since(8, hint="send the room that parse returned, not the one that arrived")
async def room_names_are_stripped(bench: Bench) -> None:
    """Spaces around a room's name are ignored."""
    alice, bob = await bench.clients("alice", "bob", room="hot tea")
    cleo = await bench.client("cleo")
    await cleo.send({"action": "joinroom", "room": "  hot tea\t"})
    expect((await cleo.hear("joinroom")).get("room"), "hot tea", "cleo's room")
    await cleo.say("hot tea ", "hello")
    for member in (alice, bob):
        heard = await member.hear("chat")
        expect(heard.get("room"), "hot tea", f"the room of {member.name}'s message")


@since(8, hint="refuse names that docs/protocol.rst forbids; leave the rest as it is")
async def names_show_all_that_they_are_made_of(bench: Bench) -> None:
    """A name with invisible characters is refused, unless its script needs them."""
    mallory = await bench.stranger()
    for name in ("alice\u200d", "alice\ufe0f", "al\u00adice", "\u3164", "\u2800"):
        await mallory.send({"action": "connect", "username": name})
        await _is_refused(mallory, "bad_name")
    for name in WRITTEN_WITH_JOINERS:
        guest = await bench.client(name)
        await guest.send(GOOD)
        joined = await guest.hear("joinroom")
        expect(joined.get("from"), name, "the name of the joiner")
        other = await bench.client(name.replace("\u200c", "").replace("\u200d", ""))
        if other.name != name:  # to the eye, it is the same
            await _is_refused(other, "name_taken")
        await other.close()
        await guest.close()


@since(8, hint="normalise a room to NFC where it comes in, before anything else")
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
    expect((await alice.hear("chat")).get("room"), room, "the room in Alice's message")
    await alice.say(room, "bonjour")
    expect((await bob.hear("chat")).get("message"), "bonjour", "Bob receives")


async def _exactly(connection: Connection, size: int) -> bytes:
    """Return this many bytes; raise Unmet if the stream ends before."""
    data = b""
    while len(data) < size:
        more = await connection.receive(size - len(data))
        if not more:
            raise Unmet("a complete message", f"the end after {len(data)} bytes")
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
        raise Unmet("the stream to end normally", "a reset connection")


async def _is_free(bench: Bench, name: str) -> None:
    """Raise Unmet unless a client can take the name, perhaps after its owner left."""
    for _ in range(IN_A_ROW):
        client = await bench.client(name)
        await client.send(GOOD)
        answer = await client.hear()
        await client.close()
        if answer.get("action") != "error":
            return
    raise Unmet(f"the name {name} is free again", repr(answer))
