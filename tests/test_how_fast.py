"""The pages on speed: what they say is so in the file that their figures are from.

If a renewed file turns one of these red, the sentence is wrong there: change the page,
and then the sentence here.
"""

import math
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from bench import goals, metrics, report, results
from bench.cases import EXPERIMENTS, SIZES
from bench.job import Answer, Arrival, Closed, Delays, Throughput
from bench.peers import everybody, ours, peer
from bench.query import LOADS, Look, brief
from bench.runs import Run
from docs.examples.how_fast_is_it import growing_picture, headline_picture
from docs.examples.how_to_measure import rounds_picture
from lab import story
from lab.mistakes.planted import planted
from lab.story import ROOT
from sphinx_book import bench_tables

sys.path.append(str(ROOT / "notebooks"))

import measuring

PAGE = (ROOT / "docs" / "how-fast-is-it.rst").read_text(encoding="utf-8")
METHOD = (ROOT / "docs" / "how-to-measure.rst").read_text(encoding="utf-8")
BELOW = (ROOT / "docs" / "server09_protocol-below-the-streams.rst").read_text("utf-8")
WORDS = " ".join(f"{METHOD} {PAGE} {BELOW}".split())
FULL = Look(results.load(results.FULL))

# Those that make a call for each delivery, and those that put together what they have.
EACH = ("server05", "server06", "websockets", "mosquitto", "bare-send", "c-send")
TOGETHER = (
    "server09",
    "server09_protocol",
    "server09_protocol+uvloop",
    "newest",
    "newest+uvloop",
    "valkey",
    "nats",
    "bare-writev",
    "c-writev",
)

LATER = {FULL.named(name) for name in TOGETHER if name.startswith(("server", "newest"))}


def cost(load: str, server: str) -> float:
    return FULL.figure(load, server).median


def times(load: str, server: str, other: str) -> float:
    return FULL.times(load, server, other).median


def gap(load: str) -> float:
    """Return by how much the cheapest of the one group exceeds the other group."""
    (case,) = FULL.every("headline")
    there = {FULL.named(name): cost(load, name) for name in case.peers}
    dear = min(cost for name, cost in there.items() if name in EACH)
    cheap = {FULL.named(name) for name in TOGETHER}
    assert {*EACH, *cheap} >= there.keys(), "in which group is it?"
    return dear / max(cost for name, cost in there.items() if name in cheap)


def most_at_work(servers: set[str]) -> float:
    """Return for which part of a run the generator was at work at most, in %."""
    (case,) = FULL.every("headline")
    picks = [metrics.generator(load) for load in LOADS]
    return max(case.figure(name, each).most for name in servers for each in picks)


def spread_of_the_quiet_room() -> float:
    (case,) = FULL.every("headline")
    costs = [cost("quiet", name) for name in case.peers if name != "server05"]
    return max(costs) / min(costs)


def heard_by_the_others() -> dict[str, float]:
    (case,) = FULL.every("silent")
    return {name: FULL.figure("heard", name).median for name in case.peers}


class Claim(NamedTuple):
    """A sentence of the page, and what has to be so in the file."""

    words: str
    holds: Callable[[], bool]


CLAIMS = [
    Claim(
        "One ``send`` takes about :measured:`quiet c-send` µs of CPU time, even from a "
        "program in C.",
        lambda: (
            0.9 * cost("busy", "c-send")
            < cost("quiet", "c-send")
            < 1.25 * cost("busy", "c-send")
        ),
    ),
    Claim(
        "In a busy room, one write per turn makes a delivery :measured:`busy server09 "
        "over server06` times cheaper.",
        lambda: times("busy", "server09", "server06") > 5,
    ),
    Claim(
        "In a quiet room, step 09 does :measured:`quiet server09 over c-send` times",
        lambda: times("quiet", "server09", "c-send") > 0.5,
    ),
    Claim(
        "Both are far too short for a reader to notice.",
        lambda: all(
            FULL.figure("p99", name).most < 20
            for name in FULL.every("latency")[-1].peers
        ),
    ),
    Claim(
        "with step 09 and the steps that follow, it always had a tenth of its time "
        "left.",
        lambda: most_at_work(LATER) < 90,
    ),
    Claim(
        "Leave out step 05, which makes two sends per frame and awaits each member in "
        "turn: then the most expensive server costs less than three times what the "
        "cheapest does.",
        lambda: spread_of_the_quiet_room() < 3,
    ),
    Claim(
        "step 09 makes :measured:`quiet server09 over websockets` times as many "
        "deliveries as ``websockets``.",
        lambda: times("quiet", "server09", "websockets") > 1.1,
    ),
    Claim(
        "Here the servers form two groups with a gap between them. One group makes one "
        "call per delivery, and the other collects the messages for a client.",
        lambda: gap("busy") > 3,
    ),
    Claim(
        "Step 09, in Python, makes :measured:`busy server09 over c-send` times as many "
        "deliveries in the same time, because it sends less often.",
        lambda: times("busy", "server09", "c-send") > 3,
    ),
    Claim("The same group is ahead.", lambda: gap("crowd") > 1),
    Claim(
        "**In the quiet room it buys you nothing.**",
        lambda: 0.75 < times("quiet", "server09", "server06") < 1.25,
    ),
    Claim(
        "So together they gain more in the crowd, where the loop reads from sixteen "
        "sockets, than in the quiet room.",
        lambda: (
            times("crowd", "server09_protocol+uvloop", "server09")
            > times("quiet", "server09_protocol+uvloop", "server09")
            > 0.95
        ),
    ),
    Claim(
        "In the crowd there is more to read and to wake up.",
        lambda: (
            times("crowd", "server09_protocol", "server09")
            > times("quiet", "server09_protocol", "server09")
            > 1
        ),
    ),
    Claim(
        "The larger the room, the less a delivery costs at first,",
        lambda: (
            cost("members quiet 2", "server09")
            > cost("members quiet 10", "server09")
            > cost("members quiet 100", "server09")
        ),
    ),
    Claim(
        "With ten times as many members, a delivery of step 09 costs no more:",
        lambda: all(
            cost(f"members {load} 1000", "server09")
            < 1.2 * cost(f"members {load} 100", "server09")
            for load in ("quiet", "busy")
        ),
    ),
    Claim(
        "A server that looks through all rooms for each message would show up here",
        lambda: (
            cost("rooms quiet 1000", "server09") < 3 * cost("rooms quiet 1", "server09")
        ),
    ),
    Claim(
        "From one room to ten it gets cheaper, because the loop finds several messages "
        "each time it wakes up. With a thousand rooms it gets more expensive again.",
        lambda: (
            cost("rooms quiet 1", "server09")
            > cost("rooms quiet 10", "server09")
            < cost("rooms quiet 1000", "server09")
        ),
    ),
    Claim(
        "a core has time for more than fifty such rooms.",
        lambda: cost("rooms quiet 1000", "server09") * 1000 * 50 < 1_000_000,
    ),
    Claim(
        "The newest step pays most.",
        lambda: (
            cost("rooms quiet 1000", "newest")
            > max(
                cost("rooms quiet 1000", name)
                for name in ("server09", "server09_protocol", "websockets")
            )
        ),
    ),
    Claim(
        "In both tables our steps lose to ``websockets`` with the longest messages.",
        lambda: all(
            cost(f"sizes {load} 65000", name)
            > cost(f"sizes {load} 65000", "websockets")
            for load in ("quiet", "eight")
            for name in ("server09", "server09_protocol", "newest")
        ),
    ),
    Claim(
        "The protocol step keeps no task and no streams for a connection.",
        lambda: cost("memory", "server09_protocol") < 0.6 * cost("memory", "server09"),
    ),
    Claim(
        "``websockets`` keeps more than any of our steps.",
        lambda: all(
            cost("memory", name) < cost("memory", "websockets")
            for name in heard_by_the_others()
            if name != "websockets"
        ),
    ),
    Claim(
        "Step 05 waits for the slow client, and all other members wait with it.",
        lambda: heard_by_the_others()["server05"] < 90,
    ),
    Claim(
        "Our later steps disconnect the slow client within a few seconds.",
        lambda: all(
            FULL.figure("dropped", name).most < 5
            for name in heard_by_the_others()
            if name not in ("server05", "websockets")
        ),
    ),
    Claim(
        "Step :measured:`newest` does so earliest,",
        lambda: all(
            FULL.figure("dropped", "newest").most < FULL.figure("dropped", name).least
            for name in ("server06", "server09", "server09_protocol")
        ),
    ),
    Claim(
        "With ``websockets``, all other members get everything and the slow client "
        "stays:",
        lambda: (
            heard_by_the_others()["websockets"] == 100
            and FULL.figure("dropped", "websockets").least == math.inf
        ),
    ),
    Claim(
        "the buffer for the slow client grows until something else ends the connection",
        lambda: cost("growth", "websockets") > 2 * cost("growth", "server09"),
    ),
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.words[:40])
def test_what_the_page_says_is_so_in_the_file(claim):
    assert claim.words in WORDS, "the page does not say so any more"
    assert claim.holds(), f"the file contradicts the page: {claim.words}"


def test_the_others_hear_everything_from_every_step_but_05():
    heard = heard_by_the_others()
    assert {name for name, share in heard.items() if share < 100} == {"server05"}


# The page and the file.


def test_the_page_has_no_figure_that_somebody_has_typed():
    prose = PAGE.split("\nTry it\n")[0]
    prose = re.sub(
        r"``[^`]*``|:\w+:`[^`]*`|\.\. \w+::.*|steps? (after )?\d\d( and \d\d)?"
        r"|server\d\d|:expect:.*(\n {6}.*)*",
        "",
        prose,
        flags=re.I,
    )
    numbers = re.findall(r"\d[\d.,]*\d|\d", prose)
    # What the benchmark does, and not what came of it; "64 KiB" is a limit of step 08.
    assert set(numbers) - {"100", "99", "50", "5", "0.5", "64", "1,500"} == set()


def test_the_command_of_the_page_is_that_of_the_tables():
    assert f"$ {bench_tables.COMMAND}\n" in PAGE
    _, _, arguments = bench_tables.COMMAND.partition("--out ")
    assert ROOT / arguments.rstrip('"') == results.FULL


def test_the_file_has_all_servers_that_a_full_run_has():
    there = {about.name for about in FULL.results.servers} | set(FULL.results.missing)
    plain = {name for name in everybody() if name not in ours()}
    assert plain <= there
    assert {"server05", "server06", "server09", "server09_protocol"} <= there
    assert {"server09_protocol+uvloop", f"{FULL.newest}+uvloop"} <= there


def test_no_run_of_the_file_is_without_a_figure():
    assert report.failures(FULL.results) == []


def test_the_servers_of_a_full_run_are_those_that_were_asked_for():
    newest = story.steps_of("server")[-1].number
    steps = ["05", "06", "09", "09_protocol", newest]
    assert ours() == [*steps, "09_protocol+uvloop", f"{newest}+uvloop"]
    for name in ("09", "09_protocol", newest):
        assert {experiment.whom for experiment in EXPERIMENTS} <= peer(name).asked


# Results, asked by names.

DELAYS = Delays("silent", 200, 100, (0.001, 0.002, 0.003, 0.004), 0.0, 2**20, 0, None)
COST = {"a": 1.0, "server05": 2.0, "server07": 4.0, "server07+uvloop": 3.0}


def small() -> results.Results:
    """Return results in which every server costs what COST says."""
    made = []
    for experiment in EXPERIMENTS:
        for number in range(2):
            for load in experiment.loads:
                for name, each in COST.items():
                    measured = tuple(
                        Throughput(p.name, 1_000_000, 2.0, each + number, 0.5)
                        if isinstance(p, Closed)
                        else replace(DELAYS, dropped=3.0 if name == "a" else None)
                        for p in load.phases
                    )
                    came = Arrival(1000, 2.0, 0.1, int(1000 * 1024 * each))
                    answer = Answer(None, came, measured)
                    made.append(Run(experiment.name, name, number, load, answer))
    abouts = [results.About(name, "1", "all", "it.", {"MOST": "9"}) for name in COST]
    return results.Results("today", results.machine(), abouts, {"b": "not here"}, made)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("quiet a", "1.50"),
        ("busy server07 over a", "0.33"),
        ("crowd a over server07", "3.2"),
        ("members busy 1000 server05", "2.50"),
        ("sizes quiet 65000 a", "1.50"),
        ("memory server07+uvloop", "3.0"),
        ("accepted a", "500"),
        ("heard a", "50"),
        ("dropped a", "3.0"),
        ("dropped server05", "inf"),
        ("quiet newest", "4.50"),
        ("quiet newest+uvloop", "3.50"),
    ],
)
def test_a_figure_has_a_name(request_, said):
    assert Look(small()).said(request_) == said


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ("loud a", "nothing is called 'loud'"),
        ("members quiet 7 a", "nothing is called"),
        ("quiet z", "z has no figure: it was not measured"),
        ("quiet z over a", "z has no figure"),
        ("quiet", "nothing is called ''"),
    ],
)
def test_a_figure_that_is_not_there_is_refused(request_, why):
    with pytest.raises(LookupError, match=re.escape(why)):
        Look(small()).said(request_)


def test_a_server_that_failed_has_no_figure():
    one = small()
    lost = replace(one.runs[0], answer=Answer("it lost one"))
    with pytest.raises(LookupError, match="a has no figure: it lost one"):
        Look(replace(one, runs=[lost, *one.runs[1:]])).said("quiet a")


def test_what_was_not_measured_is_refused():
    only = [run for run in small().runs if run.experiment == "headline"]
    look = Look(replace(small(), runs=only))
    with pytest.raises(LookupError, match="rooms was not measured"):
        look.every("rooms")
    with pytest.raises(LookupError, match="no step was measured"):
        _ = Look(replace(small(), servers=[])).newest


@pytest.mark.parametrize(
    ("value", "text"), [(0.347, "0.35"), (1.347, "1.35"), (3.47, "3.5"), (34.7, "35")]
)
def test_a_ratio_has_two_digits_or_three(value, text):
    assert brief(value) == text


def test_the_generator_was_at_work_for_a_part_of_the_time():
    assert Look(small()).busiest().median == 25
    assert Look(small()).rounds == 2


# Goals.


def goal(bound: float, value: float, **more) -> goals.Goal:
    return goals.Goal("a", "what", bound, lambda look: value, **more)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (goal(2, 2), "kept"),
        (goal(2, 1), "missed by 50.0%"),
        (goal(2, 2, most=True), "kept"),
        (goal(2, 3, most=True), "missed by 50.0%"),
    ],
)
def test_a_goal_is_kept_or_missed(monkeypatch, one, words):
    monkeypatch.setattr(goals, "GOALS", [one])
    (verdict,) = goals.verdicts(Look(small()))
    assert verdict.words == words


def test_what_is_in_the_way_is_said_only_of_a_goal_that_is_missed(monkeypatch):
    missed = goal(2, 1, in_the_way="the limit is {quiet a}")
    monkeypatch.setattr(goals, "GOALS", [missed, replace(missed, bound=1)])
    assert [v.why for v in goals.verdicts(Look(small()))] == ["the limit is 1.50", ""]


def test_a_goal_may_not_have_been_measured():
    verdicts = list(goals.verdicts(Look(small())))
    assert {v.words for v in verdicts if v.goal.whose == "server09"} == {"not measured"}
    assert "was not measured" in verdicts[0].why


def test_memory_is_linear_if_each_of_many_takes_what_each_of_a_few_takes():
    assert goals.linear("a").measure(Look(small())) == 1


def test_each_goal_can_be_judged_by_the_file():
    assert all(verdict.value is not None for verdict in goals.verdicts(FULL))
    assert "goals" in report.report(FULL.results, "websockets")
    few = replace(small(), servers=[])
    assert "goals" not in report.report(few, "a")


# What is shown.


def test_every_table_has_a_cell_for_each_of_its_columns():
    look = FULL
    tables = [bench_tables.goals(look)]
    tables += [bench_tables.headline(look, load) for load in LOADS]
    tables += [bench_tables.plain(look, kind) for kind in bench_tables.COLUMNS]
    for kind in ("members", "rooms", "sizes"):
        tables.append(bench_tables.growing(look, kind, "quiet"))
    tables.append(bench_tables.times(look, ["newest over server09"]))
    for head, rows, widths in tables:
        assert rows
        assert {len(row) for row in rows} == {len(head)} == {len(widths)}


def test_a_table_says_who_has_no_figure_and_why():
    one = small()
    one.runs[0] = replace(one.runs[0], answer=Answer("it lost one"))
    _, rows, _ = bench_tables.growing(Look(one), "members", "quiet")
    assert rows[0][0] == "a"
    before = [run for run in one.runs if run.experiment != "headline"]
    lost = [
        replace(run, peer="websockets" if run.peer == "server05" else run.peer)
        for run in small().runs
        if run.experiment == "headline"
    ]
    lost[0] = replace(lost[0], answer=Answer("it lost one"))
    _, rows, _ = bench_tables.headline(
        Look(replace(one, runs=[*lost, *before])), "busy"
    )
    assert rows[-1][:2] == ["a", "no figure: it lost one"]


def test_beside_each_server_it_is_said_what_is_the_same_and_what_differs():
    text = "\n".join(node.astext() for node in bench_tables.servers(FULL))
    for about in FULL.results.servers:
        for words in (about.name, about.version, about.same, *about.settings):
            assert words in text
        assert about.different.removesuffix(".") in text


def test_the_origin_says_what_machine_it_was_and_who_is_missing():
    text = bench_tables.origin(Look(small())).astext()
    for part in ("today", "cores", "b: not here", bench_tables.COMMAND):
        assert part in text


def test_a_sentence_can_ask_for_more_than_figures():
    assert bench_tables.said(FULL, "rounds") == str(FULL.rounds)
    assert bench_tables.said(FULL, "newest") == FULL.newest[-2:]
    assert 0 < int(bench_tables.said(FULL, "generator")) <= 100


@pytest.mark.parametrize(
    "svg",
    [
        headline_picture.drawn(FULL.every("headline")[0]),
        rounds_picture.drawn(FULL.every("headline")[0]),
        growing_picture.drawn(FULL),
    ],
    ids=["headline", "rounds", "growing"],
)
def test_a_picture_has_its_figures_in_words(svg):
    words = re.search(r'aria-label="([^"]*)"', svg)[1]
    assert "server09" in words
    assert re.search(r"\d\.\d\d", words)
    assert "nan" not in svg


def test_the_sizes_on_the_page_are_those_of_the_benchmark():
    sizes = [case.load.text for case in FULL.every("sizes")]
    assert sizes == list(SIZES)


# The notebook, where no processes can be started: a browser, for one.


@pytest.fixture
def in_a_browser(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")


@pytest.mark.usefixtures("in_a_browser")
async def test_without_processes_the_sends_are_counted(capsys):
    await measuring.side_by_side("06", "09", "bare-send", "09", loads=["quiet", "busy"])
    said, _, *rows = capsys.readouterr().out.splitlines()
    assert said.startswith("no processes here")
    assert [row.split() for row in rows] == [
        ["server06", "1.00", "1.00"],
        ["server09", "1.00", "1.00", "0.03", "32.00"],
        ["bare-send", "1.00", "1.00", "1.00", "1.00"],
        ["server09", "again", "1.00", "1.00", "0.03", "32.00"],
    ]


@pytest.mark.usefixtures("in_a_browser")
async def test_a_copy_that_loses_messages_has_no_figure_there_either(capsys):
    said = "send_to(ROOMS[room] - {self}, relay)"
    copy = planted("09", said, f"OUTBOX.size > 2000 or {said}")
    await measuring.side_by_side("09", copy, loads=["busy"])
    assert "the copy" in (last := capsys.readouterr().out.splitlines()[-1])
    assert "no figure: 319 deliveries never came" in last
