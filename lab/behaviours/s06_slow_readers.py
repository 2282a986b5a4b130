"""Step 06: the server is not slowed down by a slow reader."""

import socket

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect
from lab.client import Client, Connection
from lab.unmet import Unmet
from lab.wire import encode

TEXT = 30_000  # characters of each message: many small ones would take long
MESSAGES = 800  # messages: more than all systems between two programs hold together
PIPELINED = 400  # messages sent at once; all of them have room on a wire


@since(
    6,
    settings=AT_FULL_SPEED,
    hint="write to every member and wait for none: no await between two members",
)
async def a_slow_reader_delays_no_other(bench: Bench) -> None:
    """While one member reads nothing, Bob gets each of Alice's messages at once."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await _sleepy(bench, alice)
    said = [_text(number) for number in range(MESSAGES // 2)]
    for text in said:
        await alice.say("tea", text)
        heard = (await bob.hear("chat")).get("message")
        expect(str(heard)[:20], text[:20], "the first messages to Bob")
    await bob.say("tea", "I have heard it all")
    await alice.hear("chat")


@since(
    6,
    settings=AT_FULL_SPEED,
    hint="before each write check the buffer; above the limit transport.abort()",
)
async def a_client_that_never_reads_is_disconnected(bench: Bench) -> None:
    """A member that reads nothing is disconnected when too many bytes wait for it."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    await _sleepy(bench, alice)
    for number in range(MESSAGES):
        await alice.say("tea", _text(number))
        await bob.hear("chat")
        if _has_left(alice):
            break
    else:
        size = MESSAGES * TEXT / 2**20
        raise Unmet("Sleepy is disconnected", f"still connected after {size:.0f} MiB")
    await bob.hear("leaveroom")
    members = (await bob.join("tea")).get("members")
    expect(sorted(members or []), ["alice", "bob"], "the members that Bob receives")


@since(
    6,
    needs="writes",
    hint="encode once, and pass header and payload to one write",
)
async def each_message_is_one_write(bench: Bench) -> None:
    """The server sends each message with one write, header and payload together."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    before = bench.writes(bob)
    for number in range(10):
        await alice.say("tea", f"message {number}")
        await bob.hear("chat")
    expect(bench.writes(bob) - before, 10, "the number of writes for ten messages")


@since(
    6,
    settings=AT_FULL_SPEED,
    needs="clock",  # where the server works in no time, all of this is sent at once
    hint="awaiting data that is there does not yield: add await asyncio.sleep(0)",
)
async def a_burst_does_not_delay_other_clients(
    bench: Bench,
) -> None:
    """A message from Bob overtakes the last of the many that Alice sent before it."""
    alice, bob, cleo = await bench.clients("alice", "bob", "cleo", room="tea")
    many = [
        encode({"action": "chat", "room": "tea", "message": f"message {number}"})
        for number in range(PIPELINED)
    ]
    await alice.connection.send(b"".join(many))
    await bob.say("tea", "hello")
    heard = [(await cleo.hear("chat")).get("message") for _ in range(PIPELINED)]
    if "hello" not in heard:
        raise Unmet(
            "Cleo gets Bob's message before Alice's last one",
            f"all {PIPELINED} of Alice's first",
        )


@since(
    6,
    needs="exit",
    hint="a print can fail: catch OSError and ValueError around each",
)
async def a_lost_output_harms_no_client(bench: Bench) -> None:
    """A server whose output is closed still serves its clients."""
    (alice,) = await bench.clients("alice", room="tea")
    await bench.lose_output()
    try:
        (bob,) = await bench.clients("bob", room="tea")
    except Unmet as unmet:  # whether he notices when he sends or when he hears
        closed = "a closed connection"
        got = closed if closed in unmet.got else unmet.got
        raise Unmet("Bob gets an answer, as Alice did", got) from unmet
    await bob.say("tea", "hello")
    expect((await alice.hear("chat")).get("message"), "hello", "Alice receives")
    await bob.close()
    while (await alice.hear("leaveroom")).get("from") != "bob":
        pass


async def _sleepy(bench: Bench, witness: Client) -> Connection:
    """Connect a member that joins and then reads nothing."""
    sleepy = await bench.call()
    # Let its system take little, too. (Where that is not heeded it only takes longer.)
    sleepy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await sleepy.send(
        encode({"action": "connect", "username": "sleepy"})
        + encode({"action": "joinroom", "room": "tea"})
    )
    while (await witness.hear("joinroom")).get("from") != "sleepy":
        pass
    return sleepy


def _text(number: int) -> str:
    return f"message {number} ".ljust(TEXT, ".")


def _has_left(client: Client) -> bool:
    gone = {"action": "leaveroom", "room": "tea", "from": "sleepy"}
    return any(gone.items() <= message.items() for message in client.heard)
