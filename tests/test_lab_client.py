"""The embedded client, against our steps and against servers that behave badly."""

import asyncio
import contextlib
import socket
import struct
import sys
from types import SimpleNamespace

import pytest

from lab.client import KEPT, Connection, Refused, connect
from lab.host import start
from lab.unmet import Unmet
from lab.wire import encode, frame

PATIENT = 10.0  # seconds for what has to happen: a busy machine is no failure
IMPATIENT = 0.05  # seconds for what cannot happen

JOIN = {"action": "joinroom", "room": "tea", "from": "alice"}
CHAT = {"action": "chat", "room": "tea", "message": "hello", "from": "bob"}


def listening(server):
    """Return what ``connect`` takes: whatever can say where it listens."""
    return SimpleNamespace(address=server.sockets[0].getsockname()[:2])


def finish(writer):
    writer.write_eof()


def break_off(writer):
    # Linger for no time at all: what closes the connection resets it.
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()


def stay(writer):
    pass


@contextlib.asynccontextmanager
async def sending(*pieces, then=finish):
    """Start a server that sends these bytes to whoever comes, and then does this."""

    async def client_connected(reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        then(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(1024):
                pass
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        yield listening(server)


@contextlib.asynccontextmanager
async def client(server, timeout=PATIENT, keep=None):
    """Connect alice, and see her off."""
    alice = await connect(server, "alice", timeout, keep)
    try:
        yield alice
    finally:
        await alice.close()


async def test_hearing_passes_over_and_keeps():
    three = (encode(JOIN), encode(CHAT), encode(CHAT))
    async with sending(*three) as server, client(server) as alice:
        assert await alice.hear("chat") == CHAT
        assert await alice.hear() == JOIN
        assert await alice.hear() == CHAT
        assert alice.heard == [JOIN, CHAT, CHAT]
        assert repr(alice) == "<Client alice: 3 messages heard>"


async def test_hearing_nothing_is_not_yet():
    async with sending(then=stay) as server, client(server, IMPATIENT) as alice:
        with pytest.raises(Unmet) as unmet:
            await alice.hear("chat")
    assert unmet.value.expected == "a message with the action 'chat' for alice"
    assert unmet.value.got == "nothing within 0.05 s"


async def test_hearing_something_else_is_not_yet_and_says_what_it_was():
    both = (encode(JOIN), encode(CHAT))
    async with sending(*both, then=stay) as server, client(server) as alice:
        assert await alice.hear("chat") == CHAT
        alice.timeout = IMPATIENT
        with pytest.raises(Unmet, match=r"nothing but .*joinroom.* within"):
            await alice.hear("chat")
        assert await alice.hear() == JOIN


async def test_a_hang_up_is_told_at_once():
    async with sending(encode(CHAT)) as server, client(server) as alice:
        assert await alice.hear() == CHAT
        with pytest.raises(Unmet) as unmet:
            await alice.hear()
        assert unmet.value.got == "a closed connection"
        await alice.hear_the_end()


async def test_a_hang_up_in_the_middle_of_a_message_is_told():
    async with sending(encode(CHAT)[:10]) as server, client(server) as alice:
        with pytest.raises(Unmet, match=r"in the middle of a message \(10 bytes\)"):
            await alice.hear()


async def test_no_hang_up_is_not_yet():
    async with sending(then=stay) as server, client(server, IMPATIENT) as alice:
        with pytest.raises(Unmet, match="the server closes the connection"):
            await alice.hear_the_end()


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400", b"[]", b"\x80", b""], ids=repr)
async def test_garbage_from_the_server_is_not_yet_and_shown(garbage):
    both = (encode(CHAT), frame(garbage))
    async with sending(*both) as server, client(server) as alice:
        assert await alice.hear() == CHAT
        with pytest.raises(Unmet) as unmet:
            await alice.hear()
        assert repr(garbage) in unmet.value.got


async def test_a_ping_is_answered_and_not_heard():
    came = asyncio.get_running_loop().create_future()

    async def client_connected(reader, writer):
        writer.write(encode({"action": "ping"}) + encode(CHAT))
        hello = encode({"action": "connect", "username": "alice"})
        pong = encode({"action": "pong"})
        came.set_result(await reader.readexactly(len(hello + pong)) == hello + pong)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        alice = await connect(listening(server), "alice", PATIENT)
        async with asyncio.timeout(PATIENT):
            assert await came  # although nobody has asked for a message
        assert await alice.hear() == CHAT
        await alice.close()


async def test_a_ping_that_is_not_to_be_answered_is_heard():
    ping = {"action": "ping"}
    came = asyncio.get_running_loop().create_future()

    async def client_connected(reader, writer):
        await reader.readexactly(len(encode({"action": "connect", "username": "a"})))
        writer.write(encode(ping) + encode(CHAT))
        came.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        alice = await connect(listening(server), "a", PATIENT)
        alice.answers = False
        assert [await alice.hear(), await alice.hear()] == [ping, CHAT]
        alice.connection.finish()
        async with asyncio.timeout(PATIENT):
            assert await came == b""
        await alice.close()


async def test_who_has_finished_answers_no_ping():
    async def client_connected(reader, writer):
        await reader.read()
        writer.write(encode({"action": "ping"}) + encode(CHAT))
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        alice = await connect(listening(server), "alice", PATIENT)
        alice.connection.finish()
        assert await alice.hear() == CHAT
        await alice.hear_the_end()


async def test_a_server_that_breaks_off_is_a_hang_up():
    async with sending(encode(CHAT), then=break_off) as server, client(server) as alice:
        await alice.hear_the_end()
        while alice.heard:
            assert alice.heard.pop() == await alice.hear()
        with pytest.raises(Unmet, match="a closed connection"):
            await alice.hear()


async def test_a_client_that_breaks_off_is_gone_for_the_server():
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        bob.connection.reset()
        left = {"action": "leaveroom", "room": "tea", "from": "bob"}
        assert await alice.hear("leaveroom") == left
        await bob.close()
        with pytest.raises(Unmet, match="the connection stays open"):
            await bob.say("tea", "hello")


async def test_hanging_up_is_bounded_when_the_server_reads_nothing(monkeypatch):
    monkeypatch.setattr("lab.client.TIMEOUT", IMPATIENT)
    over = asyncio.Event()

    async def client_connected(reader, writer):
        await over.wait()
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        caller = await Connection.open(listening(server))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.send(bytes(50_000_000)), IMPATIENT)
        async with asyncio.timeout(PATIENT):
            await caller.close()
        over.set()


async def test_a_server_that_is_not_there_is_not_yet():
    with socket.socket() as taken:  # so that nobody else listens there
        taken.bind(("127.0.0.1", 0))
        nobody = SimpleNamespace(address=taken.getsockname())
        with pytest.raises(Unmet, match="a server that can be called"):
            await connect(nobody, "alice")


async def test_everything_said_and_heard_is_noted_in_its_order():
    async with sending(encode(CHAT)) as server, client(server) as alice:
        await alice.hear()
    connected = {"action": "connect", "username": "alice"}
    assert [(noted.sent, noted.message) for noted in alice.log] == [
        (True, connected),
        (False, CHAT),
    ]
    assert alice.log[0].moment < alice.log[1].moment
    assert alice.log[0].when <= alice.log[1].when


async def test_the_rest_of_a_raw_connection_is_read_to_its_end():
    async with sending(b"one", b"two") as server:
        caller = await Connection.open(server)
        caller.finish()
        assert await caller.rest(PATIENT) == b"onetwo"
        await caller.close()


async def test_a_raw_connection_without_an_end_is_not_yet():
    async with sending(then=stay) as server:
        caller = await Connection.open(server)
        with pytest.raises(Unmet, match="the server closes the connection"):
            await caller.rest(IMPATIENT)
        await caller.close()


async def test_the_answer_to_a_join_is_ones_own():
    other = {**JOIN, "from": "bob"}
    both = (encode(other), encode(JOIN))
    async with sending(*both) as server, client(server) as alice:
        assert await alice.join("tea") == JOIN
        assert await alice.hear() == other


# What a bot needs.


async def test_a_host_and_a_port_will_do_for_a_server():
    async with sending(encode(CHAT)) as server:
        async with await connect(server.address, "bot", PATIENT) as bot:
            assert await bot.hear() == CHAT
            assert bot.keep == KEPT
        async with await connect(server, "alice", PATIENT) as alice:
            assert await alice.hear() == CHAT
            assert alice.keep is None


@pytest.mark.parametrize(
    "address",
    [("127.0.0.1", 70000), ("127.0.0.1", -1), ("a..b", 9011), ("a" * 70, 9011)],
    ids=str,
)
async def test_an_address_that_cannot_be_is_a_server_that_is_not_there(address):
    with pytest.raises(Unmet, match="a server that can be called"):
        await connect(address, "bot")


async def test_the_end_of_the_block_hangs_up():
    async with await start("05") as server:
        alice = await server.connect("alice", PATIENT)
        await alice.join("tea")
        with contextlib.suppress(LookupError):
            async with await connect(server.address, "bot", PATIENT) as bot:
                await bot.join("tea")
                raise LookupError("on purpose")
        assert (await alice.hear("leaveroom"))["from"] == "bot"


async def test_messages_are_iterated_over_until_the_server_ends():
    async with sending(encode(JOIN), encode(CHAT)) as server, client(server) as alice:
        alice.timeout = IMPATIENT  # that is for answers: nobody has to talk
        assert [message async for message in alice] == [JOIN, CHAT]
        assert [message async for message in alice] == []


@pytest.mark.parametrize("rest", [encode(CHAT)[:10], frame(b"[]")], ids=repr)
async def test_an_end_that_is_none_ends_no_iteration_quietly(rest):
    async with sending(encode(CHAT) + rest) as server, client(server) as alice:
        assert await anext(alice) == CHAT
        with pytest.raises(Unmet):
            await anext(alice)


@pytest.mark.parametrize(
    ("name", "code"), [("alice", "name_taken"), ("", "bad_name")], ids=str
)
async def test_who_cannot_have_the_name_is_told_at_once(name, code):
    async with await start("08") as server:
        await (await server.connect("alice", PATIENT)).join("tea")
        async with await connect(server.address, name, PATIENT) as bot:
            with pytest.raises(Refused, match=code) as refused:
                await bot.join("tea")
            assert refused.value.code == code
            assert (await bot.hear("error"))["code"] == code  # it can still be heard
            bot.name = "bot"
            await bot.send({"action": "connect", "username": "bot"})
            await bot.join("tea")


async def test_an_error_that_is_not_about_the_name_does_not_end_the_waiting():
    error = {"action": "error", "code": "not_in_room", "detail": "You are not."}
    both = (encode(error), encode(JOIN))
    async with sending(*both) as server, client(server) as alice:
        assert await alice.join("tea") == JOIN
        assert await alice.hear("error") == error


@pytest.mark.parametrize("passed_over", [0, 3])
async def test_a_client_that_runs_for_a_year_remembers_the_last_messages(passed_over):
    messages = [{**CHAT, "message": f"{n}"} for n in range(100)]
    everything = b"".join(map(encode, messages))
    async with sending(everything) as server, client(server, keep=10) as bot:
        await bot.hear_the_end()
        assert 10 <= len(bot.heard) < 20
        assert 10 <= len(bot.log) < 20
        assert bot.heard[-1] == bot.log[-1].message == messages[-1]
        for _ in range(passed_over):
            with pytest.raises(Unmet):
                await bot.hear("joinroom")  # which puts back what it passed over
        assert [message async for message in bot] == messages[-10:]


async def test_no_flood_is_too_much_for_a_client_that_forgets(monkeypatch):
    monkeypatch.setattr("lab.client.FLOOD", 50)
    monkeypatch.setattr("lab.client.FLOOD_BYTES", 1000)
    everything = encode(CHAT) * 100
    async with sending(everything) as server:
        async with client(server, keep=200) as bot:
            assert [message async for message in bot] == [CHAT] * 100
        async with client(server) as alice:
            with pytest.raises(Unmet, match="a flood"):
                await alice.hear_the_end()
