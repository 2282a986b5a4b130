"""The chat to play with: what each fault does at each step, and what a page is told."""

import asyncio
import json
import re

import pytest

from lab import Chat
from lab.play.chat import FAULTS, PEOPLE
from lab.play.player import Player
from lab.story import NoSuchStep
from sphinx_book import chat as directive

STEPS = [number for number, _ in directive.steps()]
QUESTION = "Can you hear me, Cleo?"


@pytest.fixture
def begin():
    """Return a function that begins a chat; all are closed at the end."""
    chats = []

    def begun(step, **settings):
        chats.append(Chat(step, settings))
        chats[-1].advance()
        return chats[-1]

    yield begun
    for chat in chats:
        chat.close()


def heard(events, who, action="chat"):
    """Return the messages with an action that somebody heard."""
    return [
        event["message"]
        for event in events
        if event["kind"] == "heard"
        and event["who"] == who
        and event["message"]["action"] == action
    ]


def texts(events, who):
    """Return what somebody heard others say."""
    return [message["message"] for message in heard(events, who)]


def told(events, kind):
    """Return the events of a kind."""
    return [event for event in events if event["kind"] == kind]


def state(chat, who):
    """Return how somebody is."""
    return chat.state()["people"][who]


# -- three people


@pytest.mark.parametrize("step", STEPS)
def test_three_people_talk_and_what_is_said_arrives_in_no_time(begin, step):
    chat = begin(step)
    for speaker in PEOPLE:
        before = chat.time
        chat.say(speaker, f"I am {speaker}")
        events = chat.advance()
        assert chat.time == before
        for who in PEOPLE:
            assert texts(events, who) == ([] if who == speaker else [f"I am {speaker}"])


def test_the_frames_are_told_as_they_are_written(begin):
    chat = begin("05")
    chat.say("alice", "hé")
    first, *others = told(chat.advance(), "frame")
    text = '{"action": "chat", "room": "tea", "message": "h\\u00e9"}'
    assert first | {"time": 0} == {
        "kind": "frame",
        "time": 0,
        "by": "alice",
        "to": "the server",
        "size": 3 + len(text),
        "header": len(text).to_bytes(3, "little").hex(" "),
        "text": text,
    }
    assert {frame["by"] for frame in others} == {"the server"}
    assert sorted(frame["to"] for frame in others) == ["bob", "cleo"]


def test_a_frame_with_an_invisible_character_is_shown_as_text(begin):
    chat = begin("10")
    chat.say("alice", "👨\u200d👩 \u202e!")
    frames = told(chat.advance(), "frame")
    assert "👨\\u200d👩 \\u202e!" in frames[-1]["text"]


def test_each_event_has_its_time_also_when_a_minute_passes_at_once(begin):
    chat = begin("10")
    pings = [e for e in chat.advance(100) if "ping" in e.get("text", "")]
    assert [event["time"] for event in pings] == [30.0] * 3 + [60.0] * 3 + [90.0] * 3


# -- the faults


@pytest.mark.parametrize("step", STEPS)
def test_one_who_does_not_read_stops_the_others_in_05_alone(begin, step):
    chat = begin(step)
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.say("alice", QUESTION)
    events = chat.advance(8)  # seconds: step 11 lets a crowd of messages wait
    assert (QUESTION in texts(events, "cleo")) == (step != "05")
    assert texts(events, "bob") == []
    bob, alice = state(chat, "bob"), state(chat, "alice")
    assert not bob["reads"]
    assert bob["kept"] > 64 * 1024
    assert bob["wire"] == 64 * 1024
    assert (alice["unsent"] > 0) == (alice["behind"] > 0) == (step == "05")
    chat.do("resume", "bob")
    events = chat.advance(1)
    assert texts(events, "bob")[-1] == QUESTION
    assert (QUESTION in texts(events, "cleo")) == (step == "05")
    assert state(chat, "bob")["kept"] == 0


@pytest.mark.parametrize("step", STEPS)
def test_one_who_never_reads_is_dropped_from_10_on_and_does_not_know(begin, step):
    chat = begin(step)
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(70)
    assert state(chat, "bob")["dropped"] == (step >= "10")
    assert state(chat, "bob")["here"]


@pytest.mark.parametrize("step", STEPS)
def test_a_pulled_cable_is_noticed_from_10_on(begin, step):
    chat = begin(step)
    chat.do("cut", "bob")
    chat.say("alice", "anybody?")
    events = chat.advance(70)
    assert texts(events, "bob") == []
    assert texts(events, "cleo") == ["anybody?"]
    noticed = heard(events, "cleo", "leaveroom")
    assert bool(noticed) == state(chat, "bob")["dropped"] == (step >= "10")
    chat.do("return", "bob")
    assert state(chat, "bob")["old"] == 0
    (joined,) = heard(chat.advance(1), "bob", "joinroom")
    assert joined["members"].count("bob") == (1 if step >= "10" else 2)
    assert (state(chat, "bob")["old"] > 0) == (step < "10")


def test_no_acknowledgement_comes_through_a_pulled_cable(begin):
    chat = begin("05")
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(1)
    before = state(chat, "bob")["kept"]
    chat.do("cut", "bob")
    chat.do("resume", "bob")
    events = chat.advance(1)
    assert texts(events, "bob") != []  # what had arrived
    assert state(chat, "bob")["kept"] == before > 0
    assert texts(events, "cleo") == []


@pytest.mark.parametrize("step", STEPS)
def test_a_reset_is_told_to_the_others_and_one_may_come_back(begin, step):
    chat = begin(step)
    chat.do("reset", "cleo")
    events = chat.advance(1)
    assert heard(events, "alice", "leaveroom") != []
    (left,) = told(events, "left")
    assert (left["who"], left["why"]) == ("cleo", "you broke the connection off")
    with pytest.raises(ValueError, match="Cleo is not in the chat"):
        chat.do("pause", "cleo")
    chat.do("return", "cleo")
    chat.advance(1)
    chat.say("alice", "there you are")
    assert texts(chat.advance(1), "cleo") == ["there you are"]


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_is_stopped_says_goodbye_from_07_on(begin, step):
    chat = begin(step)
    chat.do("pause", "bob")
    chat.do("stop")
    events = chat.advance(30)
    assert len(told(events, "stopped") + told(events, "hangs")) == 1
    assert bool(heard(events, "alice", "bye")) == (step >= "07")
    if step >= "07":
        assert {event["who"] for event in told(events, "left")} == {"alice", "cleo"}
    assert chat.state()["server"] in ("stopped", "hangs")
    if step >= "07":
        kinds = [event["kind"] for event in events]
        last = max(i for i, e in enumerate(events) if "bye" in e.get("text", ""))
        assert kinds.index("stopped") > last
    with pytest.raises(ValueError, match="stopped already"):
        chat.do("stop")


def test_a_refused_client_says_why_and_its_lines_are_not_lost_in_silence(begin):
    chat = Chat("12", {"MAX_CLIENTS": "2"})
    (left,) = told(chat.advance(), "left")
    assert (left["who"], left["why"]) == ("cleo", "refused: full")
    chat.close()


def test_lines_that_were_never_sent_are_counted(begin):
    chat = begin("05")
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(1)
    waiting = state(chat, "alice")["unsent"]
    assert waiting > 0
    chat.do("reset", "alice")
    (left,) = told(chat.advance(1), "left")
    assert left["unsent"] == waiting


def test_what_one_types_who_has_gone_is_said_to_be_unsent(begin):
    chat = begin("05")
    chat.do("reset", "bob")
    chat.advance()
    with pytest.raises(ValueError, match="Bob is not in the chat"):
        chat.say("bob", "hello?")


# -- what cannot be done


def test_names_that_are_wrong_get_the_list_of_those_there_are(begin):
    chat = begin("05")
    with pytest.raises(LookupError, match="'dora'; there are: alice, bob, cleo"):
        chat.say("dora", "hello")
    with pytest.raises(LookupError, match="'explode'; there are: pause, resume, cut"):
        chat.do("explode", "bob")
    with pytest.raises(ValueError, match="Bob is in the chat already"):
        chat.do("return", "bob")
    assert told(chat.advance(1), "left") == []


@pytest.mark.parametrize("step", ["01", "04", "utils01", "client01"])
def test_a_step_that_delivers_nothing_is_refused(step):
    with pytest.raises(ValueError, match="delivers nothing"):
        Chat(step)


def test_what_cannot_be_started_says_why():
    with pytest.raises(NoSuchStep):
        Chat("99")
    with pytest.raises(ValueError, match="NONSENSE"):
        Chat("05", {"NONSENSE": "1"})


def test_a_chat_that_is_closed_twice_is_closed(begin):
    chat = begin("12")
    chat.close()
    chat.close()
    assert chat.loop.is_closed()
    assert asyncio.all_tasks(chat.loop) == set()


# -- what has just happened


def test_the_scene_has_a_named_moment_for_whatever_was_done(begin):
    chat = begin("05")
    chat.say("alice", "hello")
    chat.advance(1)
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(1)
    scene = json.loads(chat.scene().as_json())
    titles = [mark["title"] for mark in scene["marks"]]
    assert titles == [
        "All three come in",
        "Alice says 'hello'",
        "Bob stops reading",
        "Alice says much at once",
    ]
    assert {mark["moment"] for mark in scene["marks"]} <= set(scene["stops"])
    assert scene["files"][0]["n"] == "server05.py"


def test_the_moment_in_which_the_server_lets_somebody_go_has_a_name(begin):
    chat = begin("10")
    chat.do("cut", "bob")
    chat.advance(70)
    scene = chat.scene()
    told = json.loads(scene.as_json())
    last = told["marks"][-1]
    assert last["title"] == "The server lets go of Bob"
    assert scene.moments[last["moment"]].closed("bob")
    assert not scene.moments[last["moment"] - 1].closed("bob")


def test_a_server_that_hangs_and_then_ends_says_both(begin):
    chat = begin("06")
    chat.do("stop")
    kinds = [event["kind"] for event in chat.advance(8)]
    if "hangs" in kinds:  # on Python 3.12 and later, until its clients have gone
        for who in PEOPLE:
            chat.do("reset", who)
        kinds += [event["kind"] for event in chat.advance(8)]
    assert kinds.count("stopped") == 1
    assert chat.state()["server"] == "stopped"


def test_an_evening_is_recorded_and_its_last_moments_are_kept(begin):
    chat = begin("12")
    for _ in range(20):
        chat.say("bob", "still there")
        chat.advance(30)
    scene = chat.scene()
    whole = json.loads(scene.as_json())
    assert 800 <= len(whole["moments"]) <= 1600 + 100
    assert whole["before"] != []
    last = scene.moments[-1]
    assert last.time == pytest.approx(600, abs=1)
    assert last.waiting("handler of alice") == "StreamReader.readexactly"
    connections = chat._recorder.traffic.connections
    for who, connection in zip(PEOPLE, connections, strict=True):
        assert last.kept(who) == last.on_the_wire(who) == last.unread(who) == 0
        # What is folded together is not forgotten.
        assert last.read(who) == connection.directions[1].written > 0


# -- in a notebook, and for a page


async def test_it_runs_where_a_loop_runs_already(begin):
    chat = begin("06")
    chat.say("alice", "<b>hello</b>")
    assert texts(chat.advance(), "bob") == ["<b>hello</b>"]
    assert asyncio.get_running_loop() is not chat.loop
    picture = chat._repr_html_()
    assert "&lt;b&gt;hello&lt;/b&gt;" in picture
    assert picture.count("<section") == 3
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(1)
    words = r"not reading; \d{3} KiB wait in the server, 64 on the wire"
    assert re.search(words, chat._repr_html_())


@pytest.fixture
def page():
    """Return a player, and what it has told."""
    answers = []
    player = Player(lambda text: answers.append(json.loads(text)))
    yield player, answers
    player.close()


def take(page, **message):
    """Send a message, and return what was told."""
    player, answers = page
    answers.clear()
    player.take(json.dumps(message))
    return answers


def test_a_page_opens_a_chat_at_its_fault(page):
    first = [
        directive.message(words) for words in ("pause bob", "say alice well, well")
    ]
    opened, *news = take(page, type="open", step="05", settings={}, first=first)
    assert opened == {"type": "opened", "step": "05"}
    events = [event for one in news for event in one["events"]]
    assert texts(events, "cleo") == ["well, well"]
    assert news[-1]["state"]["people"]["bob"]["reads"] is False


def test_a_page_that_asks_for_something_wrong_is_told_so(page):
    assert take(page, type="say", who="bob", text="x")[0]["type"] == "refused"
    assert "99" in take(page, type="open", step="99")[0]["text"]
    take(page, type="open", step="05")
    for wrong in (
        {"type": "dance"},
        {"type": "say", "who": "dora", "text": "x"},
        {"type": "say", "who": "bob"},
        {"type": "fault", "name": "explode", "who": "bob"},
        {"type": "speed", "speed": "fast"},
        {"type": "later"},
    ):
        (answer,) = take(page, **wrong)
        assert answer["type"] == "refused", wrong
    assert take(page, type="say", who="bob", text="still here")[-1]["type"] == "news"


def test_time_stands_still_and_goes_on(page):
    player, answers = page
    take(page, type="open", step="10")
    take(page, type="speed", speed=0)
    take(page, type="say", who="alice", text="wait")
    player.tick(60.0)
    assert texts([e for one in answers for e in one["events"]], "bob") == []
    assert player.chat.time == 0
    answers = take(page, type="speed", speed=1)
    assert texts([e for one in answers for e in one["events"]], "bob") == ["wait"]
    player.tick(0.5)
    assert player.chat.time == 0.5


def test_a_quiet_chat_tells_its_state_four_times_a_second(page):
    player, answers = page
    take(page, type="open", step="05")
    answers.clear()
    for _ in range(100):
        player.tick(0.02)
    assert 7 <= len(answers) <= 8


def test_the_scene_is_told(page):
    take(page, type="open", step="05")
    take(page, type="say", who="alice", text="hello")
    (answer,) = take(page, type="scene")
    assert answer["type"] == "scene"
    assert answer["scene"]["moments"] != []


# -- in the pages


def test_words_of_a_page_mean_messages():
    assert directive.message("say alice hello, you") == {
        "type": "say",
        "who": "alice",
        "text": "hello, you",
    }
    assert directive.message("later 70") == {"type": "later", "seconds": 70.0}
    assert directive.message("stop") == {"type": "fault", "name": "stop", "who": ""}
    assert directive.message("cut bob")["name"] in FAULTS


def test_the_build_fails_where_a_chat_cannot_begin_like_this():
    opening = {
        "type": "open",
        "step": "05",
        "first": [directive.message("explode bob")],
    }
    with pytest.raises(ValueError, match="no fault 'explode'"):
        directive.play(opening)
