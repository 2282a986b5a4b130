"""The benchmark: nothing here is timed, but whatever it has to notice, it notices."""

import asyncio
import math
import os
import sys

import pytest

from bench import figures, generator, metrics, report, results, runs, traffic
from bench.cases import EXPERIMENTS, Experiment, Load
from bench.job import Answer, Arrival, Closed, Delays, Job, Paced, Throughput
from bench.pattern import Pattern, Tally, Wrong, words
from bench.peers import Peer, available, ours
from bench.wires import Said, WireError, wire
from lab.host import start
from lab.story import ROOT

FAULTY = "tests/servers/faulty.py"
SOON = 0.3  # seconds of silence after which the rest counts as lost here

BRIEF = {"seconds": 0.1, "warm_up": 0.0}
QUIET = Closed("quiet", publishers=1, in_flight=1, **BRIEF)
BUSY = Closed("busy", publishers=1, in_flight=32, **BRIEF)
CROWD = Closed("crowd", publishers=3, in_flight=6, **BRIEF)

WIRES = ["chat", "mqtt", "nats", "relay", "resp", "websocket"]


async def brought(server, *phases, members=4, **options):
    """Bring loads to a server in this loop; the generator is in a thread."""
    host, port = server.address
    job = Job(host, port, os.getpid(), "chat", members, phases=phases, **options)
    return await asyncio.to_thread(generator.do, job)


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(traffic, "TIMEOUT", SOON)
    monkeypatch.setattr("bench.closed_loop.TIMEOUT", SOON)


# The generator, and a server that does nothing wrong.


@pytest.mark.parametrize(
    ("phase", "members"), [(QUIET, 2), (QUIET, 30), (BUSY, 2), (CROWD, 3), (CROWD, 30)]
)
async def test_every_delivery_is_counted(phase, members):
    async with await start("05") as server:
        answer = await brought(server, phase, members=members)
    [measured] = answer.measured
    assert measured.deliveries > 0
    assert measured.server > 0
    assert measured.generator > 0


async def test_loads_follow_each_other_on_the_same_crowd():
    async with await start("05") as server:
        answer = await brought(server, QUIET, CROWD, Paced("paced", 200, 0.1), BUSY)
    assert [m.name for m in answer.measured] == ["quiet", "crowd", "paced", "busy"]


async def test_rooms_do_not_hear_each_other():
    async with await start("05") as server:
        answer = await brought(server, CROWD, rooms=5)
    assert answer.measured[0].deliveries > 0


async def test_a_message_may_be_larger_than_what_a_line_takes():
    async with await start("05") as server:
        answer = await brought(server, BUSY, members=3, text=200_000)
    assert answer.measured[0].deliveries > 0


async def test_who_comes_first_is_not_counted_among_those_who_come():
    async with await start("05") as server:
        few = await brought(server, members=50)
        more = await brought(server, members=30, rooms=3)
    assert few.arrival is None
    assert more.arrival.connections == 40
    assert more.arrival.server > 0


async def test_delays_count_from_when_a_message_was_due():
    async with await start("05") as server:
        answer = await brought(server, Paced("paced", rate=500, seconds=0.1))
    [measured] = answer.measured
    assert measured.expected == measured.deliveries == 150
    assert 0 < measured.delays[0] <= measured.delays[1] <= measured.delays[-1]
    assert measured.dropped is None


async def test_one_who_does_not_read_is_not_waited_for():
    async with await start("05") as server:
        paced = Paced("silent", rate=500, seconds=0.1, silent=1)
        answer = await brought(server, paced)
    assert answer.measured[0].expected == answer.measured[0].deliveries == 100


async def test_it_shows_when_a_server_hangs_up_on_one_who_does_not_read():
    settings = {"FAULT": "hangs_up", "VICTIM": "m00004"}
    async with await start(FAULTY, settings=settings) as server:
        paced = Paced("silent", rate=500, seconds=0.2, silent=1)
        answer = await brought(server, paced)
    assert answer.measured[0].expected == answer.measured[0].deliveries == 200
    assert answer.measured[0].dropped is not None


async def test_what_a_member_says_is_not_delivered_to_it():
    async with await start(FAULTY) as server:
        answer = await brought(server, BUSY, members=2)
        delivered = sum(server.module.COUNTS.values())
    assert 0 < answer.measured[0].deliveries <= delivered


# What a server may do wrong.


@pytest.mark.parametrize(
    ("fault", "noticed"),
    [
        ("loses", "never came|silence|expected message"),
        ("doubles", "arrived twice, or late"),
        ("reorders", "too early"),
        ("changes", "differs from what was said"),
        ("hangs_up", "hung up|cut off"),
        ("errs", "error"),
    ],
)
@pytest.mark.parametrize("phase", [BUSY, CROWD], ids=lambda phase: phase.name)
@pytest.mark.usefixtures("soon")
async def test_a_server_that_does_something_wrong_gets_no_figure(fault, noticed, phase):
    async with await start(FAULTY, settings={"FAULT": fault}) as server:
        with pytest.raises((Wrong, WireError), match=noticed):
            await brought(server, phase)


@pytest.mark.parametrize(
    ("fault", "noticed"),
    [("loses", r"never came|silence"), ("doubles", "hears more than was said")],
)
@pytest.mark.usefixtures("soon")
async def test_what_befalls_a_member_that_is_not_in_the_sample_counts(fault, noticed):
    settings = {"FAULT": fault, "VICTIM": "m00002"}
    async with await start(FAULTY, settings=settings) as server:
        with pytest.raises(Wrong, match=noticed):
            await brought(server, BUSY, members=40)


async def test_the_server_of_these_tests_makes_no_mistakes_of_its_own():
    async with await start(FAULTY) as server:
        answer = await brought(server, QUIET, BUSY, CROWD)
    assert len(answer.measured) == 3


async def test_who_does_not_listen_is_said_so():
    async with await start("05") as server:
        host, port = server.address
    job = Job(host, port, os.getpid(), "chat", 2, phases=(QUIET,))
    with pytest.raises(WireError, match="no connection"):
        await asyncio.to_thread(generator.do, job)


# A whole run: two processes, and the harness between them.


def program(fault, name="faulty"):
    """Return the server of these tests as a process of its own."""
    lab = (sys.executable, "-m", "lab", "run", FAULTY, "--port={port}")
    command = (*lab, f"--set=FAULT={fault}")
    return Peer(name, command, "chat", "1.0", "the same", "different")


SMALL = Load(3, (BUSY,))


async def test_a_run_has_figures():
    answer = await runs.run(program("none"), SMALL)
    assert answer.error is None
    assert metrics.cpu("busy")(answer) > 0


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("complains", "it complained: out of luck"),
        ("doubles", "arrived twice, or late"),
    ],
)
async def test_a_run_in_which_something_goes_wrong_has_no_figure(fault, why):
    answer = await runs.run(program(fault), SMALL)
    assert why in answer.error
    assert answer.measured == ()


async def test_a_server_that_cannot_be_started_has_no_figure():
    peer = Peer("none", (sys.executable, "-c", "'{port}'"), "chat", "1", "", "")
    assert "it cannot be started" in (await runs.run(peer, SMALL)).error


async def test_servers_take_turns_and_change_places(monkeypatch):
    async def run(peer, load):
        return Answer()

    monkeypatch.setattr(runs, "run", run)
    peers = [program("none", name) for name in "abc"]
    experiment = Experiment("headline", "?", (SMALL,), "all", rounds=2)
    order = [(r.round, r.peer) async for r in runs.rounds(experiment, peers)]
    assert order == [(0, "a"), (0, "b"), (0, "c"), (1, "c"), (1, "b"), (1, "a")]


def test_a_server_that_is_not_to_be_had_is_left_out_with_a_reason(monkeypatch):
    monkeypatch.setenv("PATH", "")
    found, missing = available(["05", "c-writev"])
    assert [peer.name for peer in found] in (["server05"], ["server05", "c-writev"])
    assert all(missing.values())


def test_the_steps_that_are_measured_are_there():
    assert "05" in ours()
    for name in ours():
        assert (ROOT / "steps" / f"server{name.partition('+')[0]}.py").is_file()


# Wires.


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("text", [words(7, 40), words(7, 200), words(7, 70_000)])
def test_a_frame_is_complete_with_its_last_byte(name, text):
    spoken = wire(name)
    frame = DELIVERIES[name](text)
    for end in {0, 1, 2, 3, 4, 9, 10, 11, len(frame) // 2, len(frame) - 1}:
        assert spoken.size(frame[:end], 0) == 0
    assert spoken.size(frame, 0) == len(frame)
    assert spoken.size(b"..." + frame + frame, 3) == len(frame)
    assert spoken.heard(frame) == Said("m00001", "r00000", text)


def document(text):
    return (
        f'{{"action": "chat", "room": "r00000", "message": "{text}", '
        f'"from": "m00001"}}'.encode()
    )


def of_chat(text):
    return len(document(text)).to_bytes(3, "little") + document(text)


def of_websocket(text):
    size = len(document(text))
    if size < 1 << 16:
        small = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
        return b"\x81" + small + document(text)
    return b"\x81\x7f" + size.to_bytes(8, "big") + document(text)


def of_resp(text):
    head = b"*3\r\n$7\r\nmessage\r\n$6\r\nr00000\r\n"
    return head + b"$%d\r\n%b\r\n" % (len(document(text)), document(text))


def of_nats(text):
    return b"MSG r00000 1 %d\r\n%b\r\n" % (len(document(text)), document(text))


def of_mqtt(text):
    rest = b"\0\6r00000\0" + document(text)
    size = bytearray()
    while len(rest) >> 7 * len(size):
        size.append(len(rest) >> 7 * len(size) & 0x7F | 0x80)
    size[-1] &= 0x7F
    return b"\x30" + size + rest


DELIVERIES = {
    "chat": of_chat,
    "mqtt": of_mqtt,
    "nats": of_nats,
    "relay": of_chat,
    "resp": of_resp,
    "websocket": of_websocket,
}


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("chat", b'\x1c\0\0{"action":"error","code":"x"}'),
        ("nats", b"-ERR 'Unknown Protocol'\r\n"),
        ("resp", b"-ERR unknown command\r\n"),
        ("mqtt", b"\xe0\x02\x8e\0"),
        ("websocket", b"\x88\x02\x03\xe8"),
    ],
)
def test_an_error_that_a_server_reports_is_an_error(name, frame):
    with pytest.raises(WireError):
        wire(name).heard(frame)


def test_an_error_that_a_publisher_is_told_of_is_an_error():
    wire("resp").answered(b":99\r\n:99\r\n")
    with pytest.raises(WireError):
        wire("resp").answered(b":99\r\n-ERR no\r\n")


# Patterns and tallies.


def test_a_pattern_knows_a_frame_by_its_name_and_its_number():
    pattern = Pattern(of_chat(words(7, 40)), "m00001", 7)
    assert pattern == Pattern(of_chat(words(8, 40)), "m00001", 8)
    assert pattern != Pattern(of_chat(words(8, 41)), "m00001", 8)
    assert pattern.size == len(of_chat(words(8, 40)))


@pytest.mark.parametrize("cut", [1, 2, 50, 101])
def test_a_tally_takes_bytes_in_any_portions(cut):
    data = b"".join(of_chat(words(number, 40)) for number in range(3))
    tally = Tally(Pattern(data[: len(data) // 3], "m00001", 0), ["m00001"])
    for first in range(0, len(data), cut):
        tally.feed(data[first : first + cut])
    with pytest.raises(Wrong, match="got message 2: it arrived twice, or late"):
        tally.feed(of_chat(words(2, 40)))


# Figures.


def answer(cost, name="busy"):
    return Answer(measured=(Throughput(name, 1_000_000, 2.0, cost, 0.5),))


def case(**rounds):
    of = [
        runs.Run("headline", peer, number, SMALL, one)
        for peer, answers in rounds.items()
        for number, one in enumerate(answers)
    ]
    return figures.Case(SMALL, of)


def test_a_ratio_is_that_of_each_round():
    both = case(ours=[answer(1), answer(8)], theirs=[answer(2), answer(40)])
    ratio = both.ratio("ours", "theirs", metrics.cpu("busy"))
    assert (ratio.least, ratio.median, ratio.most) == (2, 3.5, 5)
    assert both.figure("ours", metrics.cpu("busy")).median == 4.5
    assert both.figure("ours", metrics.speed("busy")).median == 500_000
    assert both.figure("ours", metrics.generator("busy")).median == 25


def test_who_has_failed_once_has_no_figure():
    both = case(ours=[answer(1), answer(1)], theirs=[answer(1), Answer("it lost one")])
    assert both.peers == ["ours"]
    assert both.failures == {"theirs": "it lost one"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0], "1.00"),
        ([1.0, 2.0, 4.0], "2.00 (1.00 to 4.00)"),
        ([1234.5, 1234.5], "1,234.50"),
        ([-0.004], "0.00"),
        ([math.inf], "never"),
        ([1.0, math.inf], "not always"),
    ],
)
def test_a_figure_shows_its_spread(values, text):
    assert figures.Figure.of(values).shown() == text


DELAYS = Delays("silent", 200, 100, (0.001, 0.002, 0.003, 0.004), 0.0, 2**20, 0, 1.5)
CAME = Arrival(1000, 2.0, 0.1, 1000 * 2048)


def made(*of):
    about = results.About("ours", "1.0", "all", "nothing", {"MOST": "9"})
    machine = results.machine()
    return results.Results("today", machine, [about], {"nats": "not here"}, of)


def every_experiment():
    for experiment in EXPERIMENTS:
        for load in experiment.loads:
            measured = tuple(
                DELAYS
                if isinstance(phase, Paced)
                else Throughput(phase.name, 1_000_000, 2.0, 4.0, 0.5)
                for phase in load.phases
            )
            for peer in ("ours", "websockets"):
                one = Answer(None, CAME, measured)
                yield runs.Run(experiment.name, peer, 0, load, one)


def test_results_are_read_as_they_were_written(tmp_path):
    before = made(*every_experiment())
    before.save(tmp_path / "results.json")
    after = results.load(tmp_path / "results.json")
    assert list(after.runs) == list(before.runs)
    assert (after.machine, after.missing) == (before.machine, before.missing)
    assert report.report(after, "websockets") == report.report(before, "websockets")


@pytest.mark.parametrize("text", ["{}", "[]", '{"kind": "Load"}', '{"kind": "x"}', "?"])
def test_a_file_that_holds_something_else_is_refused(tmp_path, text):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(ValueError, match=r"no results|Expecting"):
        results.load(tmp_path / "mine.json")


def test_a_report_answers_every_question_and_says_what_differs():
    text = report.report(made(*every_experiment()), "websockets")
    for experiment in EXPERIMENTS:
        assert experiment.question in text
    for part in ("MOST=9", "nats is left out: not here", "50.0", "2.00", "1.5"):
        assert part in text


def test_a_report_says_who_has_no_figure_and_why():
    failed = runs.Run("headline", "theirs", 0, SMALL, Answer("it lost one"))
    good = runs.Run("headline", "ours", 0, SMALL, answer(1))
    text = report.report(made(failed, good), "theirs")
    assert "theirs: no figure, it lost one" in text
    assert report.failures(made(failed, good)) == [
        "headline, round 1, theirs, 3 in 1 room: it lost one"
    ]
