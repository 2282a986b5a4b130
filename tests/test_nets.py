"""The nets of the chapter about testing, the mistakes, the mutants, and the tables."""

import ast
import json

import pytest

from lab import story
from lab.mistakes import detectors, planted
from lab.mistakes.mutants import mutants
from lab.mistakes.twins import find, mistakes, twins
from lab.story import ROOT
from tests import copies, mutation

DATA = ROOT / "docs" / "_data"
CATCHES = json.loads((DATA / "catches.json").read_text("utf-8"))
# The chapter on testing speaks of this step until make catches mutants renews it.
LIKE = story.find(CATCHES["step"])
ROWS = CATCHES["rows"]
MUTANTS = json.loads((DATA / "mutants.json").read_text("utf-8"))
REASONS = json.loads((DATA / "survivors.json").read_text("utf-8"))
NETS = ("units", "wire", "simulation", "search", "hostile")
BY_NAME = {mistake.name: mistake for mistake in mistakes()}


def caught_by(row):
    """Return the nets that have caught a mistake."""
    return [net for net in NETS if row.get(net, {}).get("by")]


# A mistake is planted in a copy.


def test_a_planted_copy_differs_in_that_place_only():
    before = LIKE.path.read_text("utf-8")
    copy = planted.planted(LIKE, "MAX_UNSENT = 2**20", "MAX_UNSENT = 2**2")
    assert copy.path.read_text("utf-8") == before.replace("= 2**20", "= 2**2")
    assert copy.name == LIKE.name
    assert LIKE.path.read_text("utf-8") == before


@pytest.mark.parametrize("old", ["no such text", "client"])
def test_what_is_not_there_or_more_than_once_cannot_be_planted(old):
    with pytest.raises(LookupError, match="and not once"):
        planted.planted(LIKE, old, "")


# What the tables say is so: a part of it is tried again.


def test_nothing_catches_the_step_itself():
    assert caught_by(ROWS["nothing wrong"]) == []
    assert set(ROWS["nothing wrong"]) == set(NETS)


def test_every_mistake_has_its_row_and_no_row_is_of_a_mistake_that_is_gone():
    assert set(BY_NAME) <= set(ROWS)
    assert set(ROWS) <= {"nothing wrong", *(t.name for t in twins()), *BY_NAME}


@pytest.mark.parametrize("net", NETS)
def test_each_net_catches_something_that_no_other_does(net):
    assert [name for name, row in ROWS.items() if caught_by(row) == [net]]


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.name)
def test_a_mistake_slips_through_the_nets_that_its_head_names(mistake):
    caught = caught_by(ROWS[mistake.name])
    assert mistake.slips_through == tuple(net for net in NETS if net not in caught)


def test_something_is_caught_by_none():
    assert [name for name in BY_NAME if not caught_by(ROWS[name])]


@pytest.mark.parametrize("name", ["reads_what_is_there", "swallows_cancel"])
def test_units(name):
    assert detectors.units(find(name).step, LIKE).by == ROWS[name]["units"]["by"] != ""


@pytest.mark.parametrize("name", ["writes_twice", "tells_one_room"])
def test_simulated(name):
    haul = detectors.simulated(find(name).step, LIKE)
    assert haul.by == ROWS[name]["simulation"]["by"] != ""
    assert haul.by in repr(haul)


def test_simulated_finds_nothing_where_nothing_is_to_be_found():
    haul = detectors.simulated(LIKE, LIKE)
    assert (haul.by, haul.got) == ("", "")
    assert "missed" in repr(haul)


@pytest.mark.parametrize("name", ["drops_too_soon", "tells_one_room"])
def test_searched(name):
    haul = detectors.searched(find(name).step, LIKE)
    assert haul.by == ROWS[name]["search"]["by"] != ""


async def test_over_tcp():
    # A wrong answer, and no silence: nothing is waited for in vain.
    twin = find("echoes")
    haul = await detectors.wire(twin.step, twin.of, processes=False)
    assert haul.by == ROWS["echoes"]["wire"]["by"] != ""


async def test_a_server_that_cannot_be_started_is_caught():
    broken = planted.planted(LIKE, "await asyncio.start_server", "await start_server")
    assert "NameError" in (await detectors.wire(broken, LIKE, processes=False)).got
    assert "NameError" in detectors.simulated(broken, LIKE).got


# Mutants.

SMALL = '''\
"""A docstring with 1 number."""

from os import sep

MOST = 3  # of them


def some(text: str, number: int = 1) -> bool:
    """Another one."""
    print("in", number)
    if number < MOST and not text:
        return False
    try:
        text.join(sep, key=True)
    except (OSError, ValueError):
        return None
    raise KeyError("a sentence")
'''


def test_the_mutants_of_a_small_file():
    assert [str(mutant) for mutant in mutants(SMALL)] == [
        "line 5: 3  ->  4",
        "line 8: 1  ->  2",
        "line 11: number < MOST  ->  (number >= MOST)",
        "line 11: number < MOST  ->  (number <= MOST)",
        "line 11: number < MOST and not text  ->  number < MOST",
        "line 11: number < MOST and not text  ->  not text",
        "line 11: not text  ->  text",
        "line 12: False  ->  True",
        "line 14: text.join(sep, key=True)  ->  pass",
        "line 14: text.join(sep, key=True)  ->  text.join(sep)",
        "line 14: True  ->  False",
        "line 15: OSError  ->  ()",
        "line 15: ValueError  ->  ()",
        'line 17: raise KeyError("a sentence")  ->  pass',
    ]


# Nobody makes mutants of the other steps; but some have lines that LIKE has not.
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=[] if step == LIKE else [pytest.mark.long])
        for step in story.steps()
    ],
    ids=lambda step: step.name,
)
def test_every_mutant_is_python_and_another_program(step):
    text = step.path.read_text("utf-8")
    made = [mutant.text for mutant in mutants(text)]
    assert len({*made, text}) == len(made) + 1
    for mutant in made:
        ast.parse(mutant)


def test_the_report_on_mutants_is_of_one_step_and_its_framing_and_adds_up():
    framing = [name for name in LIKE.imports if name.startswith("utils")]
    assert set(MUTANTS) == {LIKE.name, *framing}, "run: make catches mutants"
    for found in MUTANTS.values():
        killed = sum(found["killed"].values())
        assert killed + len(found["survivors"]) == found["mutants"]


def test_of_every_survivor_it_is_said_once_why_and_of_no_other():
    explained = [survivor for those in REASONS.values() for survivor in those]
    survivors = {s for found in MUTANTS.values() for s in found["survivors"]}
    assert sorted(explained) == sorted(survivors)


def test_mutmut_works_on_a_copy_in_which_a_step_has_the_name_that_it_expects(tmp_path):
    mutation.Mutmut(LIKE, tmp_path, tmp_path / "nowhere")
    host = (tmp_path / "lab" / "host" / "loading.py").read_text("utf-8")
    ast.parse(host)
    assert mutation.NEW in host
    settings = (tmp_path / "setup.cfg").read_text("utf-8")
    assert f"only_mutate=steps/{LIKE.name}.py\n" in settings


def test_what_a_mutant_changes_is_told_in_words(tmp_path, monkeypatch):
    shown = """\
# steps.server09.xǁClientǁwrite__mutmut_2: survived
--- steps/server09.py
+++ steps/server09.py
@@ -1,2 +1,2 @@
 def write(self, frame: bytes) -> None:
-    if waits > MOST:  # too much
+    if waits >= MOST:  # too much
"""
    subject = mutation.Mutmut(LIKE, tmp_path, tmp_path)
    monkeypatch.setattr(subject, "run", lambda *_: shown.replace("server09", LIKE.name))
    name = f"steps.{LIKE.name}.xǁClientǁwrite__mutmut_2"
    assert subject.change(name) == (
        "Client.write: if waits > MOST:  ->  if waits >= MOST:"
    )


# What looks into the newest server.


# It runs other test files three times, once for each of these and once without.
@pytest.mark.long
def test_from_inside():
    assert copies.from_inside(LIKE, LIKE).by == ""
    for name in ("silences_the_rest", "keeps_empty_rooms"):
        haul = copies.from_inside(find(name).step, LIKE)
        assert haul.by == ROWS[name]["units"]["by"] != ""
