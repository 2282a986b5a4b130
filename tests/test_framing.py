"""The two functions of utils01 between bytes and messages, without a socket."""

import asyncio
import itertools
import json
from asyncio import StreamReader, StreamWriter

import pytest
import pytest_asyncio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab import story
from lab.behaviours.framing_bench import Framing
from lab.wire import HEADER, LARGEST, encode, frame

PATIENT = 10.0  # seconds for what has to happen: a busy machine is no failure

# What a bad payload still raises, which step 08 mends: bytes that are no UTF-8
# (UnicodeDecodeError, a ValueError), a number of more than 4300 digits (ValueError),
# brackets that nest too deeply. JSON with a mistake in it is not among them.
STILL_WRONG = (ValueError, RecursionError)

JOIN = {"action": "joinroom", "room": "tea"}
CHAT = {"action": "chat", "room": "tea", "message": "Grüße, 茶!"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
objects = st.dictionaries(st.text(), values, max_size=4)

quick = settings(max_examples=60, deadline=None)  # a busy machine is no failure


@pytest.fixture(scope="module")
def utils01():
    return Framing.of(story.find("utils01"), timeout=PATIENT)


class Tap(asyncio.Transport):
    """Keeps what is written, and can be told to have too much of it."""

    def __init__(self):
        super().__init__()
        self.writes = []
        self.closed = False
        self.protocol = asyncio.StreamReaderProtocol(StreamReader())
        self.protocol.connection_made(self)
        loop = asyncio.get_running_loop()
        self.writer = StreamWriter(self, self.protocol, None, loop)

    @property
    def data(self):
        return b"".join(self.writes)

    def write(self, data):
        self.writes.append(bytes(data))

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


@pytest_asyncio.fixture
async def tap():
    tap = Tap()
    yield tap
    tap.writer.close()


def finished(data):
    """Return a stream in which all of this has arrived, and its end."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def pieces(data, cuts):
    """Return the data, cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


async def test_one_message_cut_at_every_byte_boundary_arrives(utils01):
    data = encode(CHAT)
    for cut in range(len(data) + 1):
        assert await utils01.received(data[:cut], data[cut:]) == [CHAT]


async def test_one_message_that_comes_byte_by_byte_arrives(utils01):
    data = encode(CHAT)
    single = [data[place : place + 1] for place in range(len(data))]
    assert await utils01.received(*single) == [CHAT]


async def test_many_messages_in_one_piece_come_one_by_one(utils01):
    many = [{**CHAT, "message": str(number)} for number in range(1000)]
    assert await utils01.received(b"".join(map(encode, many))) == many


async def test_a_message_comes_before_the_next_one_is_complete(utils01):
    reader = StreamReader()
    reader.feed_data(encode(JOIN) + encode(CHAT)[:-1])
    messages = utils01.messages(reader)
    async with asyncio.timeout(PATIENT):
        assert await anext(messages) == JOIN
    await messages.aclose()


@pytest.mark.parametrize("length", range(HEADER))
async def test_a_cut_header_ends_the_messages(utils01, length):
    assert await utils01.received(encode(CHAT) + encode(JOIN)[:length]) == [CHAT]


async def test_a_cut_body_ends_the_messages(utils01):
    data = encode(JOIN)
    for length in range(HEADER, len(data)):
        assert await utils01.received(encode(CHAT) + data[:length]) == [CHAT]


async def test_an_empty_stream_has_no_messages(utils01):
    assert await utils01.received() == []


@pytest.mark.parametrize("error", [ConnectionResetError, BrokenPipeError, TimeoutError])
async def test_a_broken_connection_ends_the_messages(utils01, error):
    reader = StreamReader()
    reader.feed_data(encode(CHAT))
    messages = utils01.messages(reader)
    async with asyncio.timeout(PATIENT):
        assert await anext(messages) == CHAT
        reader.set_exception(error())
        assert [message async for message in messages] == []


async def test_a_payload_of_size_0_is_passed_over(utils01):
    assert await utils01.received(frame(b"") + encode(CHAT)) == [CHAT]


async def test_a_payload_of_the_largest_size_arrives(utils01):
    text = "x" * (LARGEST - len('{"m": ""}'))
    data = encode({"m": text})
    assert len(data) == HEADER + LARGEST == 3 + 2**24 - 1
    assert await utils01.received(data + encode(CHAT)) == [{"m": text}, CHAT]


@pytest.mark.parametrize(
    "payload", [b"not JSON", b"{", b'{"a":}', b"\0", b"{}{}", b"'a'", b" "]
)
async def test_what_is_not_json_is_passed_over(utils01, payload):
    assert await utils01.received(frame(payload) + encode(CHAT)) == [CHAT]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\x80\x80\x80", UnicodeDecodeError),
        (b"9" * 5000, ValueError),
        (b"[" * 200_000, RecursionError),
    ],
    ids=["no UTF-8", "a long number", "deep brackets"],
)
async def test_worse_than_not_json_still_raises(utils01, payload, error):
    with pytest.raises(STILL_WRONG) as raised:
        [message async for message in utils01.messages(finished(frame(payload)))]
    assert raised.type is error


async def test_a_cancellation_passes_through(utils01):
    async def listen():
        async for _ in utils01.messages(StreamReader()):
            pass

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)  # a turn for it to begin
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENT)
    assert task.cancelled()


async def test_a_deadline_raises(utils01):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            [message async for message in utils01.messages(StreamReader())]


async def test_a_deadline_in_the_middle_of_a_message_raises(utils01):
    reader = StreamReader()
    reader.feed_data(encode(CHAT)[:-1])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            [message async for message in utils01.messages(reader)]


async def test_a_message_of_exactly_the_largest_size_is_sent(utils01):
    text = "x" * (LARGEST - len('{"m": ""}'))
    data = await utils01.sent({"m": text})
    assert data[:HEADER] == b"\xff\xff\xff"
    assert data[HEADER:] == json.dumps({"m": text}).encode()


async def test_a_message_larger_than_that_is_refused_and_nothing_is_written(
    utils01, tap
):
    text = "x" * (LARGEST + 1 - len('{"m": ""}'))
    with pytest.raises(OverflowError):
        await utils01.module.send_message(tap.writer, {"m": text})
    assert tap.writes == []


async def test_two_senders_never_interleave_even_when_both_have_to_wait(utils01, tap):
    tap.protocol.pause_writing()
    both = [utils01.module.send_message(tap.writer, m) for m in (JOIN, CHAT)]
    sending = [asyncio.create_task(one) for one in both]
    await asyncio.sleep(0)  # a turn for each: they write what they can
    written = tap.data
    tap.protocol.resume_writing()
    async with asyncio.timeout(PATIENT):
        await asyncio.gather(*sending)
    assert written == tap.data == encode(JOIN) + encode(CHAT)


async def test_sending_waits_while_too_much_is_unsent(utils01, tap):
    await utils01.module.send_message(tap.writer, JOIN)  # nothing to wait for
    tap.protocol.pause_writing()
    waiting = asyncio.create_task(utils01.module.send_message(tap.writer, CHAT))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    tap.protocol.resume_writing()
    async with asyncio.timeout(PATIENT):
        await waiting


async def test_sending_on_a_lost_connection_raises(utils01, tap):
    tap.protocol.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await utils01.module.send_message(tap.writer, JOIN)


@given(messages=st.lists(objects, max_size=6), cuts=st.lists(st.integers(min_value=0)))
@quick
async def test_any_messages_cut_into_any_pieces_come_out_the_same(
    utils01, messages, cuts
):
    data = await utils01.sent(*messages)
    assert await utils01.received(*pieces(data, cuts)) == messages


frames = st.lists(st.binary(max_size=30).map(frame) | st.binary(max_size=5))


@given(data=st.binary(max_size=200) | frames.map(b"".join))
@example(data=frame(b"\xff"))
@example(data=frame(b"9" * 5000))
@example(data=frame(b"[" * 200_000))
@example(data=frame(b"\xfe\xff\xd8\x00"))  # taken for UTF-16, and half a pair
@quick
async def test_no_bytes_make_the_messages_hang_at_the_end_of_the_stream(utils01, data):
    async with asyncio.timeout(PATIENT):
        try:
            [message async for message in utils01.messages(finished(data))]
        except TimeoutError:
            raise
        except STILL_WRONG:
            pass
