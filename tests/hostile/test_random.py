"""What nobody has thought of: random bytes, messages and endings, while two talk."""

import json
import operator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lab.wire import encode, frame

from . import faults
from .pair import NAMES, ROOM

pytestmark = pytest.mark.skipif(
    not faults.holds("server08", faults.newest()), reason="survived since server08"
)

# The same examples every time, for a red test that is green the next time helps nobody.
# They are not made smaller: each failure costs a server, and they are small already.
once_and_for_all = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)

ROOMS = ("a", "b")
MOST_BAD = 19  # in a row, without being hung up on

texts = st.text(max_size=10) | st.sampled_from([*NAMES, ROOM, *ROOMS, "\ud800", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=5,
)
actions = st.sampled_from(["connect", "joinroom", "leaveroom", "chat", "bye", "pong"])
fields = texts | values
messages = st.fixed_dictionaries(
    {"action": actions},
    optional={"username": fields, "room": fields, "message": fields, "from": fields},
)
legal = st.fixed_dictionaries(
    {"action": actions, "username": texts, "room": texts, "message": texts}
).map(encode)


@st.composite
def mutated(draw):
    """Return a legal frame in which some bytes were changed, put in or left out."""
    data = bytearray(draw(legal))
    edits = st.tuples(st.integers(0, 10**6), st.binary(max_size=2), st.integers(0, 2))
    for place, put_in, left_out in draw(st.lists(edits, min_size=1, max_size=4)):
        start = place % (len(data) + 1)
        data[start : start + left_out] = put_in
    return bytes(data)


payloads = (
    (values | messages).map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=20)
    | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
data = payloads.map(frame) | legal | mutated() | st.binary(max_size=30)

ENDINGS = [operator.methodcaller(name) for name in ("finish", "reset", "close")]
deeds = st.tuples(st.integers(0, 2), data | st.sampled_from(ENDINGS))


@once_and_for_all
@given(st.lists(deeds, max_size=15))
def test_whatever_three_send_and_however_they_end(stage, done):
    async def act(scene):
        async with scene.foes() as foes:
            callers = [await foes.member() for _ in range(3)]
            for number, deed in done:
                caller = callers[number]
                if caller.socket.fileno() < 0:
                    continue  # it has hung up
                if isinstance(deed, bytes):
                    await caller.send(deed)
                else:
                    end(caller, deed)
        return await scene.aftermath(foes)

    stage.run(act)


def end(caller, ending):
    """End a connection, which the server may have ended before."""
    try:
        ending(caller)
    except OSError:
        caller.close()


@once_and_for_all
@given(st.lists(payloads, max_size=MOST_BAD))
def test_whatever_is_in_a_frame_the_next_one_is_understood(stage, said):
    async def act(scene):
        async with scene.foes() as foes:
            caller = await foes.named()
            await caller.send(*map(frame, said))
            await caller.is_understood_or_refused()
        return await scene.aftermath(foes)

    stage.run(act)


# Random sequences, of which it is known what has to come of them.

BAD = {
    "bad_json": frame(b"{"),
    "not_an_object": frame(b"[]"),
    "unknown_action": encode({"action": "shout"}),
    "bad_room": encode({"action": "joinroom", "room": "\n"}),
    "already_connected": encode({"action": "connect", "username": "x"}),
}
requests = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["joinroom", "leaveroom", "chat", *BAD]),
    st.sampled_from(ROOMS),
)


class Member:
    """Somebody of whom it is known which rooms they are in."""

    def __init__(self, caller):
        self.caller = caller
        self.rooms = set()
        self.bad = 0  # messages in a row

    async def asks(self, what, room, other):
        """Ask for something, and expect what has to come of it."""
        request = encode({"action": what, "room": room, "message": "hello"})
        await self.caller.send(BAD.get(what, request))
        code, answered, told = self.outcome(what, room, other)
        notice = {"action": what, "room": room, "from": self.caller.name}
        if code:
            assert (await self.caller.hear())["code"] == code
        if answered:
            assert (await self.caller.hear()).items() >= notice.items()
        if told:
            assert (await other.caller.hear()).items() >= notice.items()
        self.bad = self.bad + 1 if code else 0
        if what == "joinroom":
            self.rooms.add(room)
        elif what == "leaveroom":
            self.rooms.discard(room)

    def outcome(self, what, room, other):
        """Return the code of the error; whether there is an answer, and news."""
        inside = room in self.rooms
        if what in BAD:
            return what, False, False
        if what == "chat":
            return (
                ("" if inside else "not_in_room"),
                False,
                inside and room in other.rooms,
            )
        # To join twice, or to leave where one is not, is no news to anybody else.
        changed = inside == (what == "leaveroom")
        return "", True, changed and room in other.rooms

    async def has_heard_all(self):
        """Show that nothing else has come."""
        request = {"action": "leaveroom", "room": "never joined"}
        await self.caller.send(request)
        assert await self.caller.hear() == {**request, "from": self.caller.name}


@once_and_for_all
@given(st.lists(requests, max_size=20))
def test_everything_is_answered_and_nothing_is_told_twice(stage, asked):
    async def act(scene):
        async with scene.foes() as foes:
            members = [Member(await foes.named()) for _ in range(2)]
            for number, what, room in asked:
                member, other = members[number], members[1 - number]
                if what not in BAD or member.bad < MOST_BAD:
                    await member.asks(what, room, other)
            for member in members:
                await member.has_heard_all()
        return await scene.aftermath(foes)

    stage.run(act)
