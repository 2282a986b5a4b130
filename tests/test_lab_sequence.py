"""The picture of who sent what to whom."""

import xml.etree.ElementTree as ET

import pytest

from lab.host import start
from lab.sequence import MOST, Arrow, Sequence, label


def arrows(*labels):
    return [Arrow(n, "alice", "server", text) for n, text in enumerate(labels)]


def drawn(sequence):
    """Return the picture, parsed: it must be well-formed XML that can be stored."""
    return ET.fromstring(sequence.svg().encode())


def texts(sequence):
    return [
        node.text for node in drawn(sequence).iter("{http://www.w3.org/2000/svg}text")
    ]


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
    assert len(texts(long)) == MOST + 2  # with the two names
    assert len(long.svg()) < 50_000
    assert long.text().endswith(f"and {10_000 - MOST} more")


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
