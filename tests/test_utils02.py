"""utils02: strict frames and messages, tried on what nobody would think of."""

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab import story
from lab.behaviours.s08_utils02_strictness import WRONG, chat, connect, join
from lab.host import load
from lab.wire import HEADER, Decoder

quick = settings(max_examples=200, deadline=None)  # a busy machine is no failure
utils02 = load(story.find("utils02"))

# What a room or a name is made of at its longest: four bytes, two after escaping, ...
HEAVY = st.sampled_from(["\U0001f375", '"', "\\", "茶", "a"])


def parsed(payload):
    """Return the message in a payload, or the code with which it is refused."""
    try:
        return utils02.parse(payload)
    except utils02.Refused as refused:
        return refused.code


@given(payload=st.binary(max_size=200))
@example(payload=b'{"action":"connect","username":"\\ud800"}')
@quick
def test_any_bytes_are_a_message_or_are_refused(payload):
    message = parsed(payload)
    if isinstance(message, str):
        assert message in utils02.ERRORS
        return
    assert set(message) == {"action", *utils02.FIELDS[message["action"]]}


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.dictionaries(
        st.sampled_from(["action", "username", "room", "message", "x"]),
        values | st.sampled_from([*utils02.FIELDS]) | st.lists(values, max_size=2),
    )
)
@quick
def test_any_object_is_a_message_or_is_refused(fields):
    message = parsed(json.dumps(fields).encode())
    if isinstance(message, str):
        assert message in utils02.ERRORS
        return
    assert all(type(value) is str for value in message.values())
    utils02.encode(message)


@given(name=st.text(min_size=1, max_size=40))
@quick
def test_a_name_is_taken_if_all_of_it_can_be_seen(name):
    trimmed = name.strip()
    seen = not any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for character in trimmed
    )
    payload = connect(name).encode()
    if seen and 1 <= len(trimmed) <= utils02.MAX_NAME:
        assert utils02.parse(payload)["username"] == trimmed
    else:
        assert parsed(payload) == "bad_name"


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    room=st.text(HEAVY, min_size=1, max_size=utils02.MAX_ROOM),
    name=st.text(HEAVY, min_size=1, max_size=utils02.MAX_NAME),
    often=st.integers(1, 3000),
)
@example(text="\x01", room='"' * 64, name="\U0001f375" * 32, often=5461)
@example(text="\U0001f375", room="\U0001f375" * 64, name='"' * 32, often=8192)
@example(text="x", room="茶" * 64, name="茶" * 32, often=32768)
@quick
def test_whatever_is_accepted_fits_a_frame_when_it_is_relayed(text, room, name, often):
    payload = json.dumps(
        {"action": "chat", "room": room, "message": text * often}, ensure_ascii=False
    ).encode()
    message = parsed(payload)
    if message == "bad_text":
        return
    frame = utils02.encode({**message, "from": name})
    assert len(frame) - HEADER <= utils02.MAX_PAYLOAD
    assert utils02.size_in(frame[:HEADER]) == len(frame) - HEADER


def test_the_longest_list_of_members_fits_a_frame():
    names = ["\U0001f375" * utils02.MAX_NAME] * utils02.MAX_MEMBERS
    room = "\U0001f375" * utils02.MAX_ROOM
    answer = {"action": "joinroom", "room": room, "from": names[0], "members": names}
    assert len(utils02.encode(answer)) - HEADER <= utils02.MAX_PAYLOAD


@pytest.mark.parametrize(
    ("payload", "code"), WRONG.items(), ids=[f"{payload[:20]!r}" for payload in WRONG]
)
def test_what_is_wrong_has_its_code(payload, code):
    assert parsed(payload) == code


def test_every_code_of_a_payload_is_in_the_table_of_what_is_wrong():
    others = {"too_large", "not_connected", "already_connected", "name_taken"}
    others |= {"not_in_room", "too_many_errors"}
    others |= {"silent", "too_fast", "full", "too_many_rooms"}  # of later steps
    assert {*WRONG.values()} | others == set(utils02.ERRORS)
    assert not others & {*WRONG.values()}


@pytest.mark.parametrize("size", [0, 1, 2**16])
def test_a_header_up_to_64_kib_is_accepted(size):
    assert utils02.size_in(size.to_bytes(HEADER, "little")) == size


@pytest.mark.parametrize("size", [2**16 + 1, 2**24 - 1])
def test_a_header_of_more_is_refused(size):
    with pytest.raises(utils02.Refused) as refused:
        utils02.size_in(size.to_bytes(HEADER, "little"))
    assert refused.value.code == "too_large"


def test_a_refusal_is_a_message_that_says_what_was_wrong():
    for code, sentence in utils02.ERRORS.items():
        refused = utils02.Refused(code)
        expected = {"action": "error", "code": code, "detail": sentence}
        assert refused.message == expected
        assert str(refused) == sentence
        assert sentence.endswith(".")


def test_a_limit_is_reached_and_not_passed():
    longest = "x" * utils02.MAX_TEXT
    assert utils02.parse(chat(longest).encode())["message"] == longest
    assert parsed(chat(longest + "x").encode()) == "bad_text"
    room = "茶" * utils02.MAX_ROOM
    assert utils02.parse(join(room).encode())["room"] == room
    assert parsed(join(room + "茶").encode()) == "bad_room"


@given(st.text(max_size=20))
@quick
def test_to_fold_twice_changes_nothing(name):
    assert utils02.folded(utils02.folded(name)) == utils02.folded(name)


@pytest.mark.parametrize(
    "other", ["ALICE", "\uff21lice", "\U0001d4b6lice", "al\u0131ce", "alic\u00e9"]
)
def test_names_that_differ_in_form_only_are_the_same(other):
    same = other not in ("al\u0131ce", "alic\u00e9")  # other letters stay others
    assert (utils02.folded(other) == utils02.folded("alice")) is same


def test_what_is_encoded_is_compact_and_in_utf8():
    message = {"action": "chat", "room": "茶", "message": "é", "from": "Zoë"}
    frame = utils02.encode(message)
    assert "茶".encode() in frame
    assert b" " not in frame
    assert list(Decoder().feed(frame)) == [message]
