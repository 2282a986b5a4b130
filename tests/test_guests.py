"""Behaviours at a server that others use: each run has names and rooms of its own."""

import asyncio
import json
from pathlib import Path

import pytest
from staircase import PATIENT

from lab import behaviours, simulation, story, wire
from lab.behaviours.bench import Bench
from lab.check import Address, judged
from lab.check.disguise import LONGEST, Guest
from lab.client import Connection
from lab.host import start
from lab.story import Step
from lab.unmet import Unmet

IN_USE = ["05", "08", "12"]


def of_the_wire(step):
    found = [b for b in behaviours.every() if behaviours.holds(b, step)]
    return [b for b in found if not b.needs and not b.of_framing and not b.settings]


async def with_somebody_there(number):
    """Start a step to which somebody called alice has come, who talks in the room."""
    server = await start(number)
    for name in ("alice", "bob"):
        await (await server.connect(name, PATIENT)).join("tea")
    return server


@pytest.mark.parametrize("number", IN_USE)
def test_two_checks_at_a_server_with_an_alice_say_that_all_is_kept(number):
    step = story.find(number)

    async def check(address):
        names = of_the_wire(step)
        return [await judged(Address(*address), b, step) for b in names]

    async def both():
        server = await with_somebody_there(number)
        try:
            return await asyncio.gather(check(server.address), check(server.address))
        finally:
            await server.stop()

    for results in simulation.run(both()):
        verdicts = {r.name: r.verdict for r in results}
        full = {"connections_per_address_are_limited"}
        wrong = {name for name, verdict in verdicts.items() if verdict != "kept"}
        assert wrong <= full  # which says why: see below
        assert len(verdicts) > 10


def test_whoever_takes_the_places_is_named():
    async def check():
        server = await with_somebody_there("12")
        others = [await server.call() for _ in range(5)]
        behaviour = behaviours.find("connections_per_address_are_limited")
        found = await judged(Address(*server.address), behaviour, story.find("12"))
        await server.stop()
        return found, others

    found, _ = simulation.run(check())
    assert found.verdict == "not judged"
    words = "free places: the server was full at client 14, so others are there"
    assert found.got == words


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("04", "chat_reaches_everyone_else"),
        ("07", "a_name_belongs_to_one_at_a_time"),
        ("07", "room_names_are_stripped"),
        ("07", "names_show_all_that_they_are_made_of"),
        ("07", "a_room_typed_in_two_forms_is_one_room"),
        ("03", "joining_is_acknowledged"),
    ],
)
def test_a_guest_finds_what_is_broken(number, name):
    async def check():
        server = await with_somebody_there_if_it_answers(number)
        found = await judged(Address(*server.address), behaviours.find(name))
        await server.stop()
        return found

    async def with_somebody_there_if_it_answers(number):
        return await (start if number == "03" else with_somebody_there)(number)

    assert simulation.run(check()).verdict == "broken"


def guest():
    return Guest(Step(Path("somewhere")))


NAMES = [
    "alice",
    "Zo\xeb \u8336",
    "guest 7",
    "cafe\u0301",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "  hot tea\t",
    "a" * LONGEST,
    "\U0001f469\u200d\U0001f4bb",
    "alice\u200d",  # refused, with the letters or without
    "alice\ufe0f",
]
# What is said of these is said of their looks or their lengths, or they are none.
AS_THEY_ARE = [
    "",
    " \t ",
    "a" * (LONGEST + 1),
    "\u3164",
    "\u2800",
    "\u0301alice",
    "\ud800",
    5,
    None,
    ["tea"],
    {"tea": 1},
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["username", "room"])
def test_a_name_has_more_letters_on_its_way(name, field):
    one = guest()
    sent = wire.encode({"action": "x", field: name})
    carried = one.outward(sent)
    assert json.loads(carried[3:])[field].strip() == one.letters + name.strip()
    assert one.inward(carried) == sent
    assert guest().outward(sent) != carried


@pytest.mark.parametrize("name", AS_THEY_ARE, ids=ascii)
def test_what_is_no_name_is_sent_as_it_is(name):
    sent = wire.encode({"action": "connect", "username": name, "room": name})
    assert guest().outward(sent) == sent


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'"alice"',
        b"not JSON",
        b"\xff",
        b'{"room":"tea"}',  # not as we write it: its form may be the point
        b'{"room": "tea", "room": "tea"}',
        b"[" * 100_000,
    ],
)
def test_a_frame_of_another_form_is_sent_as_it_is(payload):
    assert guest().outward(wire.frame(payload)) == wire.frame(payload)


async def test_bytes_arrive_in_any_portions_and_what_is_unfinished_too():
    frames = wire.encode({"from": "alice"}) + wire.encode({"from": "bob"})
    one = guest()
    longer = frames[:0] + b"".join(
        wire.encode({"from": one.letters + name}) for name in ("alice", "bob")
    )

    async def attend(reader, writer):
        for byte in longer + b"\x05\x00\x00{":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    async with server:
        one.listens_at(*server.sockets[0].getsockname()[:2])
        connection = await one.call()
        assert isinstance(connection, Connection)
        first = await connection.receive(4)
        assert first == frames[:4]
        assert first + await connection.rest(PATIENT) == frames + b"\x05\x00\x00{"
        await one.stop()


async def test_a_guest_leaves_and_the_server_stays():
    async with await start("05") as server:
        one = guest()
        one.listens_at(*server.address)
        async with Bench(one, timeout=PATIENT) as bench:
            alice, bob = await bench.clients("alice", "bob", room="tea")
            with pytest.raises(Unmet):
                await Bench(one, timeout=0.05).prints("anything")
            await alice.say("tea", "hello")
            assert (await bob.hear("chat"))["from"] == "alice"
        assert alice.connection.finished is False
        await (await server.connect("cleo", PATIENT)).join("tea")
