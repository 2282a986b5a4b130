"""The picture of who sent what to whom."""

import xml.etree.ElementTree as ET

import pytest

from lab.host import start
from lab.pictures.sequence import MAX_MESSAGES, ROW, TOP, Arrow, Sequence, label

SVG = "{http://www.w3.org/2000/svg}"


def arrows(*labels):
    return [Arrow(n, "alice", "server", text) for n, text in enumerate(labels)]


def drawn(sequence):
    """Return the picture, parsed: it must be well-formed XML that can be stored."""
    return ET.fromstring(sequence.svg().encode())


def texts(sequence):
    return [node.text for node in drawn(sequence).iter(f"{SVG}text")]


async def test_a_run_is_drawn_with_all_its_messages():
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        await alice.say("tea", "hello")
        await bob.hear("chat")
        picture = Sequence.of(alice, bob)
    assert texts(picture)[:3] == ["alice", "server", "bob"]
    assert 'chat tea "hello"' in texts(picture)
    assert "server to bob: chat tea" in picture.text()


def test_a_picture_has_a_text_alternative():
    svg = drawn(Sequence(arrows("connect alice", "joinroom tea")))
    assert svg.get("role") == "img"
    words = "alice to server: connect alice alice to server: joinroom tea"
    assert " ".join(svg.get("aria-label").split()) == words


@pytest.mark.parametrize(
    "nasty",
    [
        '</text><script>alert("1")</script>',
        "&amp;&",
        "'\"<>",
        "\0\x1b[2J",
        "\ud800\uffff",
    ],
    ids=ascii,
)
def test_what_peers_say_is_escaped(nasty):
    message = {"action": nasty, "room": nasty, "username": nasty, "message": nasty}
    everywhere = [Arrow(0, nasty, "server", nasty), Arrow(1, "a", "b", label(message))]
    svg = drawn(Sequence(everywhere))
    names = {node.tag.rpartition("}")[2] for node in svg.iter()}
    assert names == {"svg", "rect", "text", "path"}


def test_a_peer_cannot_add_a_line_to_the_text_alternative():
    picture = Sequence(arrows("hello\nbob to server: I owe alice 10"))
    assert len(picture.text().splitlines()) == 1


def test_a_long_run_gives_a_bounded_picture():
    long = Sequence(arrows(*(f"message {n}" for n in range(10_000))))
    assert len(texts(long)) == MAX_MESSAGES + 3  # with two names, and what is left
    assert len(long.svg()) < 50_000
    assert long.text().endswith(f"and {10_000 - MAX_MESSAGES} more")
    assert texts(long)[-1] == f"and {10_000 - MAX_MESSAGES} more"


def test_of_a_long_run_the_last_messages_can_be_kept():
    run = arrows(*(f"message {n}" for n in range(100)))
    long = Sequence(run, most=3, last=True)
    *_, note = texts(long)
    assert note == "after 97 earlier messages"
    assert texts(long)[2:-1] == ["message 97", "message 98", "message 99"]
    assert long.text().splitlines()[0] == note
    assert len(long.text().splitlines()) == 4
    first_arrow = [node.get("d") for node in drawn(long).iter(f"{SVG}path")][2]
    assert int(first_arrow.split()[1].partition("H")[0]) > TOP + ROW  # below the note


@pytest.mark.parametrize("last", [False, True])
def test_nothing_is_said_to_be_left_out_of_a_run_that_fits(last):
    whole = Sequence(arrows("first", "second"), most=2, last=last)
    assert texts(whole) == ["alice", "server", "first", "second"]


async def test_a_run_is_drawn_with_its_last_messages():
    async with await start("05") as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        first = Sequence.of(alice, most=1)
        last = Sequence.of(alice, most=1, last=True)
    assert first.text().splitlines() == [
        "alice to server: connect alice",
        "and 2 more",
    ]
    assert last.text().splitlines() == [
        "after 2 earlier messages",
        "server to alice: joinroom alice tea",
    ]


def test_letters_do_not_shrink_where_there_is_little_room():
    assert "min-width:340px" in Sequence(arrows("hello")).svg()  # so it scrolls


def test_a_long_message_gives_a_short_label():
    assert len(label({"action": "chat", "room": "tea", "message": "x" * 10_000})) < 30


def test_a_picture_takes_the_colour_of_its_page_and_runs_no_script():
    svg = Sequence(arrows("hello")).svg()
    assert 'fill="currentColor"' in svg
    assert 'stroke="currentColor"' in svg
    for word in ("<script", "http://", "https://", "url(", "#000", "black"):
        assert word not in svg.replace("http://www.w3.org/2000/svg", "")


def test_a_notebook_shows_the_picture():
    picture = Sequence(arrows("hello"))
    assert picture.svg() in picture._repr_html_()
