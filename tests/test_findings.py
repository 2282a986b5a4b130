"""What is found by running a file: mistakes in their lines, nothing in right ones."""

import re

import pytest
import variants
from variants import RIGHT, WRONG

from lab import behaviours, story
from lab.check.findings import look_for_swallowed, watching
from lab.check.findings.finding import PITFALLS
from lab.check.judging import wanted
from lab.check.networks import judged_on_networks
from lab.check.simulated import Simulated
from lab.story import ROOT

# What a judgement leaves behind that was broken off in the middle of a callback.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

NEW = [b for b in behaviours.every() if b.since == "server05"]
QUICK = {"sleep", "lock", "created", "bare_at_send", "sends", "as_it_is", "to_thread"}
SERVERS = [s for s in story.steps() if s.kind in ("server", "side") and s.listens]


def gone_through(path, candidates, swallowed=True):
    """Return the results of a file, and what was found."""
    with watching(path) as found:
        subject = Simulated(path)
        results = [judged_on_networks(subject, b) for b in candidates]
        if swallowed and not found.over:
            look_for_swallowed(subject, candidates)
    return results, found


def in_the_table(cases):
    """Return the variants as cases: all but a few of them take part with --all only."""
    # Each is run by itself as often as there are behaviours: a minute for all of them.
    return [
        pytest.param(
            case, id=case.name, marks=() if case.name in QUICK else pytest.mark.long
        )
        for case in cases
    ]


@pytest.fixture
def file(tmp_path):
    """Return what writes a variant into a file."""

    def write(variant):
        path = tmp_path / "mine.py"
        path.write_text(variant.source)
        return path

    return write


@pytest.mark.parametrize("variant", in_the_table(WRONG))
def test_a_mistake_is_found_in_its_line(variant, file):
    path = file(variant)
    _, found = gone_through(path, NEW)
    assert [(f.file, f.line) for f in found] == [(path, variant.line)]
    kind = found[0].kind
    held = kind == "blocks the loop" and variant in variants.COMPUTING
    assert kind == variant.kind or held  # what computes for 2 s is not waited for
    assert found[0].words.count(";") == 1, "what is wrong; what to do"


@pytest.mark.parametrize("variant", in_the_table(RIGHT))
def test_nothing_is_found_in_what_is_right(variant, file):
    results, found = gone_through(file(variant), NEW)
    assert found == []
    assert {r.verdict for r in results} == {"kept"}


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(
            s, id=s.name, marks=() if s.name == "server05" else pytest.mark.long
        )
        for s in SERVERS
    ],
)
def test_nothing_is_found_in_our_steps(step):
    place = step if step.kind == "server" else story.find(f"server{step.number}")
    results, found = gone_through(step.path, wanted(place))
    assert found == []
    assert {r.verdict for r in results} == {"kept"}


@pytest.mark.long  # each holds the loop for two real seconds
@pytest.mark.parametrize("work", ["threading.Event().wait", "threading.Lock().acquire"])
def test_what_takes_long_in_a_thread_is_not_judged(work, tmp_path):
    source = variants.SERVER.read_text()
    call = f"        lock = {work}\n        await asyncio.to_thread(lock)\n"
    if "Lock" in work:
        call = call.replace("await", "lock()\n        await")
    path = tmp_path / "mine.py"
    source = source.replace(variants.CHAT, variants.CHAT + call)
    path.write_text(source.replace("import asyncio\n", "import asyncio, threading\n"))
    results, found = gone_through(path, NEW)
    assert found == []
    reasons = {r.got for r in results}
    assert reasons == {
        "the simulation has no threads of the program's own, and they take long"
    }


def test_each_kind_has_its_row_among_the_pitfalls():
    rows = (ROOT / "docs" / "pitfalls.rst").read_text(encoding="utf-8")
    anchors = set(re.findall(r"^\.\. _(pitfall-[\w-]+):\n", rows, re.M))
    assert anchors >= set(PITFALLS.values())  # other rows are about exceptions
