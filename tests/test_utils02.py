"""utils02: strict frames and messages, tried on what nobody would think of."""

import json
import re
import sys
import time
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lab import story
from lab.behaviours.s08_utils02_strictness import (
    WRITTEN_WITH_JOINERS,
    WRONG,
    chat,
    connect,
    join,
)
from lab.host import load
from lab.wire import HEADER, Decoder

quick = settings(max_examples=200, deadline=None)  # a busy machine is no failure
utils02 = load(story.find("utils02"))
characters = sys.modules["characters"]

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


# Another idea of what can be seen. What may be invisible in some places is tried in
# tests/test_characters.py.
TAGS = {chr(code) for code in range(0xE0020, 0xE0080)}  # in the flag of a region
IN_PLACES = {"\u200c", "\u200d", "\ufe0f", *TAGS}
SEEN = ("L", "N", "P", "S")
LOST = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
IGNORED = (  # without those that are also lost
    "[\u034f\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def can_be_seen(text):
    kinds = {unicodedata.category(character) for character in text}
    ignored = any(re.fullmatch(IGNORED, character) for character in text)
    seen = any(unicodedata.category(character)[0] in SEEN for character in text)
    return seen and not ignored and kinds.isdisjoint(LOST)


@given(name=st.text(min_size=1, max_size=40))
@quick
def test_a_name_is_taken_if_all_of_it_can_be_seen(name):
    trimmed = name.strip().strip("\u2800")
    assume(trimmed == trimmed.strip() and IN_PLACES.isdisjoint(trimmed))
    payload = connect(name).encode()
    if can_be_seen(trimmed) and len(trimmed) <= utils02.MAX_NAME:
        assert utils02.parse(payload)["username"] == trimmed
    else:
        assert parsed(payload) == "bad_name"


# What outsiders have tried beside "alice", and instead of a name.
BESIDE_ALICE = (
    "\ufe0f\u034f\u3164\u180b\ufe00\u200d\u200c\xad"
    "\u2060\ufeff\u115f\uffa0\u17b4\U000e0061\U000e0100"
)
NO_NAME = "\u3164\u115f\u2800\ue000\U0010fffe\u0378\u0301\ufe0f"


@pytest.mark.parametrize(
    "name", [*(f"alice{more}" for more in BESIDE_ALICE), *NO_NAME], ids=ascii
)
def test_a_name_that_is_not_seen_is_refused_and_so_is_a_room(name):
    assert parsed(connect(name).encode()) == "bad_name"
    assert parsed(join(name).encode()) == "bad_room"
    assert parsed(connect(f"{name[-1]}{name[:-1]}").encode()) == "bad_name"


@pytest.mark.parametrize("name", WRITTEN_WITH_JOINERS, ids=ascii)
def test_a_name_that_is_written_with_something_invisible_is_taken(name):
    assert utils02.parse(connect(name).encode())["username"] == name
    assert utils02.parse(join(name).encode())["room"] == name
    less = characters.without_ignorable(name)
    assert less != name
    assert utils02.folded(name) == utils02.folded(less)  # both look the same


@pytest.mark.parametrize(
    "around", ["\u2800", "\u2800 \u2800", "\xa0\u3000", "\U00013441"]
)
def test_what_looks_like_space_does_not_count_at_the_ends(around):
    assert (
        utils02.parse(connect(f"{around}alice{around}").encode())["username"] == "alice"
    )
    assert utils02.parse(join(f"{around}th\xe9{around}").encode())["room"] == "th\xe9"


@pytest.mark.parametrize(
    "room",
    ["caf\xe9", "Vi\u1ec7t Nam", "\ud55c\uad6d", "\u1f82", "\u0958", "\u212b", "tea"],
)
def test_a_room_is_the_same_room_in_each_form(room):
    forms = [unicodedata.normalize(form, room) for form in ("NFC", "NFD")]
    rooms = {utils02.parse(join(typed).encode())["room"] for typed in [room, *forms]}
    assert rooms == {forms[0]}


def test_a_name_stays_as_it_was_typed():
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Ren\xe9 \xa0 Zo\xeb")
        assert utils02.parse(connect(name).encode())["username"] == name


def test_a_room_is_as_long_as_in_its_composed_form():
    letter = "\u1f82"  # four code points, if they are taken apart
    longest = letter * utils02.MAX_ROOM
    typed = unicodedata.normalize("NFD", longest)
    assert len(typed) == 4 * utils02.MAX_ROOM
    assert utils02.parse(join(typed).encode())["room"] == longest
    for more in (letter, "a", "\u0301"):
        assert parsed(join(typed + more).encode()) == "bad_room"
    # There are letters that NFC takes apart. What counts is what is sent to others.
    assert parsed(join("\u0958" * (utils02.MAX_ROOM // 2 + 1)).encode()) == "bad_room"


def test_no_letter_is_taken_apart_into_more_than_four():
    letters = filter(unicodedata.decomposition, map(chr, range(0x110000)))
    assert max(len(unicodedata.normalize("NFD", letter)) for letter in letters) == 4


def test_accents_cannot_keep_the_server_busy():
    accents = "a" + "\u0301\u0323" * 16000  # each has to be moved past those before it
    begun = time.process_time()
    for payload in (join(accents), connect(accents), join("\u2800 " * 16000)):
        assert parsed(payload.encode()) in ("bad_room", "bad_name")
    assert time.process_time() - begun < 0.2  # s: to sort them takes longer than that


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
@example("\xa8a")  # NFKC makes a space and an accent of the first one
@example("a \xa8")
@quick
def test_to_fold_twice_changes_nothing(name):
    assert utils02.folded(utils02.folded(name)) == utils02.folded(name)


@pytest.mark.parametrize(
    "other",
    ["ALICE", "\uff21lice", "\U0001d4b6lice", "al\u0131ce", "alic\u00e9", "al ice"],
)
def test_names_that_differ_in_form_only_are_the_same(other):
    same = other not in ("al\u0131ce", "alic\u00e9", "al ice")  # these stay others
    assert (utils02.folded(other) == utils02.folded("alice")) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
            "\u0645\u06cc\u062e\u0648\u0627\u0646",
        ),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200c\u0937"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("\u2764\ufe0f", "\u2764"),
        ("1\ufe0f\u20e3", "1\u20e3"),
        ("alice b", "alice  b"),
        ("alice b", "alice\u3000b"),
        ("alice b", "alice\u2800b"),
        ("Ren\xe9", "RENE\u0301"),
        ("\u0390", "\u03aa\u0301"),  # a Greek letter, whose capital is in two parts
    ],
    ids=ascii,
)
def test_names_that_look_the_same_are_the_same(one, other):
    assert utils02.parse(connect(one).encode())["username"] == one
    assert utils02.parse(connect(other).encode())["username"] == other
    assert utils02.folded(one) == utils02.folded(other)


def test_to_fold_is_what_unicode_calls_nfkc_casefold():
    assert utils02.folded("\u1e9e\u2126\xad\ufb01\u0345") == "ss\u03c9fi\u03b9"


def test_what_is_encoded_is_compact_and_in_utf8():
    message = {"action": "chat", "room": "茶", "message": "é", "from": "Zoë"}
    frame = utils02.encode(message)
    assert "茶".encode() in frame
    assert b" " not in frame
    assert list(Decoder().feed(frame)) == [message]
