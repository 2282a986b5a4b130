"""utils03: how long one is waited for, counted without a clock and without a socket."""

import asyncio
import socket
from contextlib import aclosing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import simulation, story
from lab.host import load
from lab.wire import encode, frame

quick = settings(max_examples=200, deadline=None)  # a busy machine is no failure
utils03 = load(story.find("utils03"))

JOIN = {"action": "joinroom", "room": "tea"}


def tick(patience, times=1, *, named=True, owed=0, late=0.0):
    """Return what it says at each of so many ticks."""
    return [patience.tick(named, owed, late) for _ in range(times)]


def nothing(times):
    return ["nothing"] * times


# What it says.


def test_who_has_no_name_is_refused_after_ten_beats_and_once():
    patience = utils03.Idle()
    said = tick(patience, 12, named=False)
    assert said == [*nothing(9), "refuse", *nothing(2)]


def test_who_has_a_name_is_asked_after_thirty_beats_and_refused_after_sixty():
    patience = utils03.Idle()
    said = tick(patience, 70)
    assert said == [*nothing(29), "ask", *nothing(29), "refuse", *nothing(10)]


def test_a_frame_ends_a_silence():
    patience = utils03.Idle()
    for _ in range(5):
        assert tick(patience, 40) == [*nothing(29), "ask", *nothing(10)]
        patience.is_whole()


def test_who_has_begun_a_frame_is_refused_after_ten_beats():
    patience = utils03.Idle()
    tick(patience, 25)
    patience.begun = True
    assert tick(patience, 10) == [*nothing(4), "ask", *nothing(4), "refuse"]


def test_who_always_has_a_frame_under_way_is_never_refused():
    patience = utils03.Idle()
    for _ in range(100):
        patience.begun = True
        assert tick(patience, 9) == nothing(9)
        patience.is_whole()
        patience.begun = True


def test_who_takes_nothing_is_dropped_after_ten_beats_and_again():
    patience = utils03.Idle()
    patience.written = 1000
    assert tick(patience, owed=400) == ["nothing"]  # it has just taken 600
    assert tick(patience, 11, owed=400) == [*nothing(9), "drop", "drop"]


def test_what_is_written_meanwhile_is_no_progress():
    patience = utils03.Idle()
    for owed in range(1, 10):
        patience.written = 100 * owed
        assert tick(patience, owed=100 * owed) == ["nothing"]
    patience.written += 100
    assert tick(patience, owed=patience.written) == ["drop"]


def test_who_takes_a_byte_now_and_then_is_not_dropped():
    patience = utils03.Idle()
    patience.written = 1000
    for owed in range(1000, 900, -1):
        patience.is_whole()
        assert "drop" not in tick(patience, 9, owed=owed)


def test_who_is_owed_nothing_is_not_dropped():
    patience = utils03.Idle()
    patience.over = True
    assert tick(patience, 1000) == nothing(1000)


def test_of_whom_nothing_more_is_expected_only_has_to_take_what_is_owed():
    patience = utils03.Idle()
    patience.over = patience.begun = True
    patience.written = 1
    assert tick(patience, 10, named=False, owed=1) == [*nothing(9), "drop"]


@pytest.mark.parametrize("late", [3.1, 10.0, 3600.0])
def test_a_beat_that_is_very_late_forgives_everything(late):
    patience = utils03.Idle()
    patience.written = 1
    patience.begun = True
    tick(patience, 9, named=False, owed=1)
    assert tick(patience, named=False, owed=1, late=late) == ["nothing"]
    assert tick(patience, 9, named=False, owed=1) == [*nothing(8), "drop"]


def test_a_beat_that_is_a_little_late_is_one_beat():
    patience = utils03.Idle()
    assert tick(patience, 10, named=False, late=3.0) == [*nothing(9), "refuse"]


PARTS = st.lists(
    st.sampled_from(["begin", "whole", "tick", "late", "take"]), max_size=200
)


@given(PARTS)
@quick
def test_nobody_is_let_go_who_has_kept_nobody_waiting_for_ten_beats(parts):
    patience, since = utils03.Idle(), 0
    patience.written, owed = 10_000, 10_000
    for part in parts:
        match part:
            case "begin":
                patience.begun = True
            case "whole":
                patience.is_whole()
            case "take":
                owed -= 1
            case "late":
                patience.tick(False, owed, 60.0)
                since = 1
            case "tick":
                since += 1
                advice = patience.tick(False, owed, 0.0)
                if since < 10:
                    assert advice == "nothing"


@given(st.integers(1, 59))
@quick
def test_a_forgiven_silence_begins_anew(ticks):
    patience = utils03.Idle()
    tick(patience, ticks)
    patience.forgive()
    assert tick(patience, 60).index("refuse") == 59


# What it is told by whoever reads.


def fed(*pieces, end=False):
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    if end:
        reader.feed_eof()
    return reader


async def begun_after(data):
    """Return whether a frame has begun when this has come, and how much was whole."""
    patience = utils03.Idle()
    whole = []
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            async for payload in utils03.new_payloads(fed(data), patience):
                whole.append(payload)
    return patience, whole


@pytest.mark.parametrize("cut", range(1, len(encode(JOIN))))
async def test_a_frame_has_begun_with_its_first_byte(cut):
    data = encode(JOIN)
    patience, whole = await begun_after(data + data[:cut])
    assert whole == [data[3:]]
    assert patience.begun


async def test_between_two_frames_none_has_begun():
    for data in (b"", encode(JOIN), frame(b"") * 3):
        patience, _ = await begun_after(data)
        assert not patience.begun


async def test_a_frame_that_is_whole_ends_the_silence():
    patience = utils03.Idle()
    tick(patience, 29)
    async for _ in utils03.new_payloads(fed(encode(JOIN), end=True), patience):
        assert tick(patience, 29) == nothing(29)


@pytest.mark.parametrize("data", [b"", b"\1", encode(JOIN)[:9], b"\xff\xff\xff"])
async def test_at_the_end_nothing_more_is_expected(data):
    patience = utils03.Idle()
    with suppress(utils03.utils02.Refused):
        async for _ in utils03.new_payloads(fed(data, end=True), patience):
            pass
    assert patience.over


# What it needs a loop for.


def test_a_beat_says_how_late_it_is():
    async def act():
        loop = asyncio.get_running_loop()
        loop.call_at(2.5, loop.stand_still, 5.5)
        late = []
        async with aclosing(utils03.ticks()) as ticks:
            async for seconds in ticks:
                late.append((loop.time(), seconds))
                if len(late) == 4:
                    return late

    assert simulation.run(act()) == [(1, 0), (2, 0), (8, 5), (9, 0)]


async def test_the_system_keeps_little_for_whoever_is_accepted():
    async def call(reader, writer):
        own = writer.get_extra_info("socket")
        kept.set_result(own.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))
        writer.close()

    kept = asyncio.get_running_loop().create_future()
    async with await asyncio.start_server(call, "127.0.0.1", 0) as server:
        utils03.bound_send_buffers(server)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        size = await kept
        writer.close()
        await writer.wait_closed()
    # Linux counts what it needs itself, and doubles it.
    assert utils03.SEND_BUFFER <= size <= 2 * utils03.SEND_BUFFER


def test_a_pong_is_a_message_that_only_later_steps_know():
    utils02 = load(story.find("utils02"))
    assert utils02.parse(b'{"action":"pong"}', utils03.FIELDS) == {"action": "pong"}
    with pytest.raises(utils02.Refused):
        utils02.parse(b'{"action":"pong"}')
