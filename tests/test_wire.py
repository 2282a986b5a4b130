"""The instruments' own framing and that of the steps: two writers, one wire."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab import story
from lab.behaviours.framing_bench import Framing
from lab.wire import HEADER, LARGEST, Decoder, encode, frame

PATIENT = 10.0  # seconds for what has to happen: a busy machine is no failure

CHAT = {"action": "chat", "room": "tea", "message": "Grüße, 茶!"}

objects = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.integers() | st.text(max_size=5) | st.lists(st.booleans()),
    max_size=3,
)
quick = settings(max_examples=60, deadline=None)  # a busy machine is no failure


@pytest.fixture(
    params=[step for step in story.steps() if step.kind == "utils"],
    ids=lambda step: step.name,
    scope="module",
)
def framing(request):
    return Framing.of(request.param, timeout=PATIENT)


def decoded(*pieces):
    decoder = Decoder()
    return [message for piece in pieces for message in decoder.feed(piece)]


@given(messages=st.lists(objects, max_size=4))
@quick
async def test_what_the_steps_send_the_instruments_understand(framing, messages):
    assert decoded(await framing.sent(*messages)) == messages


@given(messages=st.lists(objects, max_size=4))
@quick
async def test_what_the_instruments_send_utils01_understands(messages):
    framing = Framing.of(story.find("utils01"), timeout=PATIENT)
    assert await framing.received(b"".join(map(encode, messages))) == messages


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=9))
@quick
async def test_what_the_instruments_send_the_steps_understand(framing, text):
    said = {"action": "chat", "room": "tea", "message": text}
    assert await framing.received(encode(said)) == [said]


async def test_utils01_writes_the_same_bytes():
    framing = Framing.of(story.find("utils01"), timeout=PATIENT)
    assert await framing.sent(CHAT) == encode(CHAT)


async def test_both_know_the_same_largest_size(framing):
    assert framing.module.HEADER == HEADER
    assert frame(bytes(LARGEST))[:HEADER] == b"\xff" * HEADER
    with pytest.raises(OverflowError):
        frame(bytes(LARGEST + 1))


def test_the_header_is_the_size_in_three_bytes_the_lowest_first():
    assert frame(bytes(0x010203)) == b"\x03\x02\x01" + bytes(0x010203)


def test_a_message_is_decoded_however_it_is_cut():
    data = encode(CHAT)
    for cut in range(len(data) + 1):
        assert decoded(data[:cut], data[cut:]) == [CHAT]


def test_what_has_come_of_an_incomplete_message_is_counted():
    decoder, data = Decoder(), encode(CHAT)
    for place in range(len(data) - 1):
        assert decoder.waiting == place
        assert list(decoder.feed(data[place : place + 1])) == []
    assert list(decoder.feed(data[-1:])) == [CHAT]
    assert decoder.waiting == 0


@pytest.mark.parametrize(
    "payload",
    [b"", b"not JSON", b"[]", b'"text"', b"null", b"\x80", b"9" * 5000, b"[" * 200_000],
    ids=lambda payload: f"{payload[:8]!r}",
)
def test_garbage_is_refused_with_its_bytes_in_the_text(payload):
    with pytest.raises(ValueError, match="which is not") as refused:
        decoded(frame(payload))
    assert repr(payload[:80]) in str(refused.value)
    assert len(str(refused.value)) < 200


def test_what_comes_before_garbage_is_still_given_out():
    decoder = Decoder()
    messages = decoder.feed(encode(CHAT) + frame(b"not JSON"))
    assert next(messages) == CHAT
    with pytest.raises(ValueError, match="not JSON"):
        next(messages)


@given(data=st.binary(max_size=100), cut=st.integers(0, 100))
@example(data=frame(b"\xfe\xff\xd8\x00"), cut=4)
@quick
def test_any_bytes_give_objects_or_a_refusal(data, cut):
    decoder = Decoder()
    try:
        for piece in (data[:cut], data[cut:]):
            assert all(type(message) is dict for message in decoder.feed(piece))
    except ValueError:
        return
    assert decoder.waiting <= len(data)
