"""The step below the streams: frames in any pieces, and a client that is called."""

import asyncio
import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import simulation, story
from lab.host import load, start
from lab.wire import encode, frame

STEP = story.find("server09_protocol")
module = load(STEP)
utils = sys.modules["utils02"]

SHORT = (b"", b"a", b"bc")  # twelve bytes as frames, and so 2048 ways to split them


def taken(pieces):
    """Return the inbox and all that it gives, if it is asked after each piece."""
    inbox, payloads = module.Inbox(), []
    for piece in pieces:
        inbox.add(piece)
        while (payload := inbox.take()) is not None:
            payloads.append(payload)
    return payloads, inbox


def split(data, places):
    """Return the data, cut at these places."""
    ends = [0, *sorted(places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(ends)]


def every_split(data):
    """Yield the data in all the pieces in which it can come."""
    inner = range(1, len(data))
    for count in range(len(data)):
        for places in itertools.combinations(inner, count):
            yield split(data, places)


def test_frames_are_the_same_over_every_split_of_their_bytes():
    stream = b"".join(map(frame, SHORT))
    splits = list(every_split(stream))
    assert len(splits) == 2 ** (len(stream) - 1)
    for pieces in splits:
        payloads, inbox = taken(pieces)
        assert payloads == list(SHORT), pieces
        assert (inbox.data, inbox.place) == (b"", 0), pieces


@pytest.mark.parametrize("cut", range(1, 6))
def test_what_has_begun_is_kept_over_every_split_and_finished_later(cut):
    whole, begun = frame(b"abc"), frame(b"def")
    for pieces in every_split(whole + begun[:cut]):
        payloads, inbox = taken(pieces)
        assert payloads == [b"abc"]
        assert inbox.data == begun[:cut]
        inbox.add(begun[cut:])
        assert inbox.take() == b"def"


@given(
    payloads=st.lists(st.binary(max_size=300), max_size=8),
    places=st.lists(st.integers(0, 2500), max_size=30),
    more=st.binary(max_size=2),
)
def test_random_frames_are_the_same_in_random_pieces(payloads, places, more):
    stream = b"".join(map(frame, payloads)) + more
    found, inbox = taken(split(stream, (p for p in places if p < len(stream))))
    assert found == payloads
    assert inbox.data == more


def test_the_largest_payload_is_taken_and_a_larger_one_refused_at_its_header():
    largest = bytes(utils.MAX_PAYLOAD)
    payloads, _ = taken(split(frame(largest), range(1, len(largest), 1000)))
    assert payloads == [largest]
    header = (utils.MAX_PAYLOAD + 1).to_bytes(3, "little")
    for *before, last in every_split(frame(b"abc") + header):
        payloads, inbox = taken(before)
        inbox.add(last)
        if not payloads:  # its last byte has come together with the header
            assert inbox.take() == b"abc"
        with pytest.raises(utils.Refused, match="at most"):
            inbox.take()


def chat(text):
    return encode({"action": "chat", "room": "tea", "message": text})


async def two_in_a_room(server):
    alice, bob = [await server.connect(name) for name in ("alice", "bob")]
    for client in (alice, bob):
        await client.join("tea")
    return alice, bob


def of(server, name):
    """Return the step's own object for a client."""
    return next(c for c in server.state.clients if c.name == name)


def test_messages_that_come_byte_by_byte_are_heard():
    async def act():
        async with await start(STEP) as server:
            alice, bob = await two_in_a_room(server)
            for byte in chat("one") + chat("two"):
                await alice.connection.send(bytes([byte]))
                await asyncio.sleep(0.001)  # in a simulation, where this takes no time
            heard = [(await bob.hear("chat"))["message"] for _ in range(2)]
            assert heard == ["one", "two"]

    simulation.run(act())


def test_a_client_that_gives_way_reads_on_in_the_next_turn():
    async def act():
        async with await start(STEP, settings={"MAX_OUTBOX": "10"}) as server:
            alice, bob = await two_in_a_room(server)
            talker, said = of(server, "alice"), ["one", "two", "three"]
            talker.data_received(b"".join(map(chat, said)))
            assert not talker.transport.is_reading()
            assert [(await bob.hear("chat"))["message"] for _ in said] == said
            await asyncio.sleep(0)
            assert talker.transport.is_reading()
            await alice.say("tea", "four")
            assert (await bob.hear("chat"))["message"] == "four"

    simulation.run(act())


def test_whoever_is_lost_while_it_gives_way_says_no_more():
    async def act():
        async with await start(STEP, settings={"MAX_OUTBOX": "10"}) as server:
            _, bob = await two_in_a_room(server)
            talker = of(server, "alice")
            joins = encode({"action": "joinroom", "room": "milk"})
            talker.data_received(chat("one") + joins)
            talker.transport.abort()
            assert (await bob.hear("chat"))["message"] == "one"
            await bob.hear("leaveroom")
            assert set(server.state.rooms) == {"tea"}

    simulation.run(act())


async def refused(server):
    """Return a connection that has announced too much, and has been told so."""
    mallory = await server.call()
    await mallory.send(b"\xff\xff\xff")
    assert b"too_large" in await mallory.rest()
    return mallory


def test_what_still_comes_from_one_who_was_refused_is_read_and_not_kept():
    async def act():
        async with await start(STEP) as server:
            mallory = await refused(server)
            (client,) = server.state.clients
            for _ in range(100):
                await mallory.send(bytes(10_000))
            await asyncio.sleep(server.module.GOODBYE - 1)
            assert client.inbox.data == b""
            assert {client} == server.state.clients
            await asyncio.sleep(1 + server.module.ONE_TURN)
            assert not server.state.clients
            assert not mallory.broken

    simulation.run(act())


def test_nothing_is_left_of_one_who_was_refused_and_hangs_up():
    async def act():
        async with await start(STEP) as server:
            mallory = await refused(server)
            (client,) = server.state.clients
            await mallory.close()
            await asyncio.sleep(0.001)
            assert not server.state.clients
            assert client.reading_off.cancelled()

    simulation.run(act())


def test_a_goodbye_to_one_who_breaks_off_at_this_moment_fails_silently(monkeypatch):
    async def act():
        async with await start(STEP) as server:
            await server.connect("alice")
            (client,) = server.state.clients
            sock = client.transport.get_extra_info("socket")

            def broken(how):
                raise OSError("transport endpoint is not connected")

            monkeypatch.setattr(sock, "shutdown", broken)
            client.say_last({"action": "bye", "reason": "a test"})
            assert client.has_finished

    simulation.run(act())


def test_whoever_reads_again_before_anything_more_is_said_is_not_dropped():
    async def act():
        async with await start(STEP, settings={"MAX_UNSENT": "100000"}) as server:
            bob = await server.call()
            await asyncio.sleep(0.001)
            (client,) = server.state.clients
            client.write(bytes(200_000))
            assert client.is_full
            received = 0
            while received < 200_000:
                received += len(await bob.receive())
            assert not client.is_full
            client.write(b"more")
            assert await bob.receive() == b"more"

    simulation.run(act())


def test_whoever_does_not_read_is_dropped_at_the_next_word():
    async def act():
        async with await start(STEP, settings={"MAX_UNSENT": "100000"}) as server:
            await server.call()
            await asyncio.sleep(0.001)
            (client,) = server.state.clients
            client.write(bytes(200_000))
            client.write(b"more")
            assert client.transport.is_closing()
            await asyncio.sleep(0.001)
            assert not server.state.clients

    simulation.run(act())
