"""Each wrong version fails the one behaviour that it is named for, and no other.

All of it happens in the simulation, where nothing is left to chance: a twin whose
mistake shows only sometimes has to show it there every time.
"""

import gc
import os
import subprocess
import sys
import warnings

import pytest
from staircase import PATIENT
from test_staircase import OF_FRAMING, OF_SERVERS

from lab.behaviours import find, holds
from lab.check.judge import judge_twin, run_in_simulation
from lab.mistakes.twins import twins
from lab.story import ROOT

TWINS = {twin.name: twin for twin in twins()}
JUDGE = """
import sys
from lab.check.judge import judge_twin
from lab.mistakes.twins import twins

print(*[judge_twin(twin) for twin in twins() if twin.name in sys.argv])
"""


def candidates(twin):
    """Return the behaviours to which a step of this kind can be put."""
    return OF_FRAMING if twin.of.kind == "utils" else OF_SERVERS


def kept():
    """Return a test for each twin and each behaviour that it has left."""
    return [
        pytest.param(twin, behaviour, id=f"{name}-{behaviour.name}")
        for name, twin in TWINS.items()
        for behaviour in candidates(twin)
        if holds(behaviour, twin.of) and behaviour.name != twin.breaks
    ]


@pytest.mark.parametrize("name", TWINS)
def test_it_breaks_the_behaviour_that_it_is_named_for(name):
    twin = TWINS[name]
    verdict = judge_twin(twin)
    assert verdict.unmet is not None, f"{name} keeps {twin.breaks}: {twin.sentence}"


def test_the_verdict_on_who_loses_a_race_is_the_same_in_every_run():
    racing = [n for n, twin in TWINS.items() if find(twin.breaks).needs == "exit"]

    def verdicts(hashes):
        return subprocess.run(
            [sys.executable, "-c", JUDGE, *racing],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout

    assert verdicts("1") == verdicts("2")
    assert verdicts("3").count(b"not yet") == len(racing)


# A twin that breaks more than it says misleads the reader, but changes only with its
# file, with its step or with the behaviours: a thousand tests are too many for that.
@pytest.mark.long
@pytest.mark.parametrize(("twin", "behaviour"), kept())
def test_it_keeps_all_the_others(twin, behaviour):
    # The second one holds the loop, and its clients give up in the middle.
    leaves_connections_open = twin.step.name in (
        "keeps_the_line_open",
        "keeps_the_loop",
    )
    with warnings.catch_warnings():
        if leaves_connections_open:  # asyncio says so, too, when it finds them
            warnings.simplefilter("ignore", ResourceWarning)
        run_in_simulation(behaviour, twin.step, PATIENT)
        if leaves_connections_open:
            gc.collect()


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_breaks_a_behaviour_that_its_step_has(name):
    twin = TWINS[name]
    names = [b.name for b in candidates(twin) if holds(b, twin.of)]
    assert twin.breaks in names
