"""How each Python ends a server that is stopped: the runs, the words, and the file."""

import asyncio
import json
import os
import platform
import stat
import sys
from dataclasses import replace

import pytest

from lab.commands import versions as command
from lab.stopping import interpreters, versions, visitors, ways
from lab.stopping.interpreters import Found, Interpreter
from lab.stopping.versions import WAYS, Kept
from lab.stopping.ways import Outcome, Scenario
from sphinx_book import versions_table

posix = pytest.mark.skipif(os.name != "posix", reason="signals to another process")

THIS = Interpreter(sys.executable, platform.python_version(), sys.version_info[1])
QUIET = Outcome(0, 0, None, True, 0, ("the end",))
HUNG = Outcome(None, None, True, False, 2, ("nothing",))

STUBBORN = """
import signal

async def main(host="127.0.0.1", port=9011):
    print("Listening on 127.0.0.1:9", flush=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    print("deaf", flush=True)
    while True:
        pass
"""


def script(path, text):
    """Write a program that can be run, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def tried(*scenes):
    """Try some ways on this Python, and return what came of each."""

    async def everything():
        return {way.name: o async for way, _, o in versions.tried(scenes, [THIS])}

    return asyncio.run(everything())


# What came of it, on this Python.


PATIENT = 30.0  # seconds, where an end has to come: a busy machine is no failure


def patient(way):
    """Return a way that takes its time where the server ends, according to the file.

    Where it hangs it is waited for in vain, and no longer than usual.
    """
    expected = versions.kept().outcomes.get(THIS.version, {}).get(way.name)
    if expected is None:
        return way
    if expected.seconds is not None:
        way = replace(way, bound=PATIENT)
    return replace(way, again=PATIENT) if expected.again else way


@pytest.fixture(scope="module")
def outcomes():
    return tried(*map(patient, WAYS))


# It takes twenty servers, and what hangs is waited for. Nothing but a new Python, or
# another way, changes what comes of it.
@pytest.mark.long
@posix
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_it_ends_as_the_file_says(way, outcomes):
    known = versions.kept().outcomes
    if THIS.version not in known:
        pytest.skip(f"no row for {THIS.version}: python -m lab versions --save")
    expected, got = known[THIS.version][way.name], outcomes[way.name]
    assert got.alike(expected), f"{got}; the file says {expected}"


def test_the_file_knows_every_way_and_no_other_on_each_python():
    for outcomes in versions.kept().outcomes.values():
        assert list(outcomes) == [way.name for way in WAYS]


def test_the_file_names_no_folder_of_a_machine():
    known = versions.kept()
    assert {p.count(" ") for p in known.platforms.values()} == {1}
    assert all("/" not in name for name in known.missing)


@posix
async def test_what_does_not_listen_to_signals_is_ended_by_force(tmp_path, monkeypatch):
    file = tmp_path / "stubborn.py"
    file.write_text(STUBBORN)
    monkeypatch.setattr(ways, "EXAMPLES", tmp_path)
    servers = []

    async def nobody(clients):
        """Nobody."""
        servers.append(clients.server)
        await clients.server.prints("deaf")

    outcome = await ways.stop(Scenario("stubborn", nobody, bound=0.1, again=0.1))
    assert outcome == Outcome(None, None, False, True, 0, ())
    assert servers[0].process.returncode == -9
    assert outcome.words() == "hangs even after a second signal"


@posix
async def test_whoever_gives_up_leaves_nothing_running():
    servers, both = [], asyncio.Event()

    async def never(clients):
        servers.append(clients.server)
        await clients.visitor()
        if len(servers) == 2:
            both.set()
        await asyncio.Event().wait()

    running = versions.tried(
        [Scenario("05", never), Scenario("05", never)], [THIS], jobs=2
    )
    first = asyncio.create_task(anext(running))
    await both.wait()
    first.cancel()
    await asyncio.wait([first])
    await running.aclose()
    assert [server.process.returncode for server in servers] == [-15, -15]


@posix
async def test_a_server_that_does_not_start_is_refused(tmp_path, monkeypatch):
    (tmp_path / "fails.py").write_text("async def main(port): raise OSError('no')\n")
    monkeypatch.setattr(ways, "EXAMPLES", tmp_path)
    with pytest.raises(versions.CannotTry, match="fails on Python 3"):
        async for _ in versions.tried([Scenario("fails", visitors.nobody)], [THIS]):
            pass


# In words.


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (QUIET, "ends at once"),
        (replace(QUIET, seconds=4), "ends after 4 s"),
        (replace(QUIET, silent=False), "ends at once, output on stderr"),
        (replace(QUIET, silent=False, tracebacks=1), "ends at once, 1 traceback"),
        (replace(QUIET, status=1), "ends at once, exit status 1"),
        (replace(QUIET, status=-15), "is killed by the signal"),
        (HUNG, "hangs until a second signal, 2 tracebacks"),
        (
            replace(HUNG, again=False, silent=True, tracebacks=0),
            "hangs even after a second signal",
        ),
    ],
)
def test_what_became_of_a_server_is_told(outcome, words):
    assert outcome.words() == words


def test_what_several_clients_saw_is_told_once_each():
    outcome = replace(QUIET, saw=("bye, the end", "a reset", "bye, the end"))
    assert outcome.seen() == "bye, the end; a reset"
    assert replace(QUIET, saw=()).seen() == ""


@pytest.mark.parametrize(
    "other",
    [
        replace(QUIET, seconds=4),
        replace(QUIET, seconds=None),
        replace(QUIET, status=1),
        replace(QUIET, silent=False),
        replace(QUIET, tracebacks=3),
        replace(QUIET, saw=("a reset",)),
        replace(QUIET, saw=("the end", "the end")),
    ],
)
def test_two_outcomes_that_differ_are_not_alike(other):
    assert not QUIET.alike(other)


def test_a_little_time_and_the_order_of_clients_make_no_difference():
    assert replace(QUIET, seconds=4).alike(replace(QUIET, seconds=5))
    assert replace(QUIET, seconds=0).alike(replace(QUIET, seconds=2))
    one = replace(QUIET, saw=("the end", "a reset"))
    assert one.alike(replace(QUIET, saw=("a reset", "the end")))


# Which Pythons there are.


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a machine with nothing on it, except this Python."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "first") + os.pathsep + str(tmp_path))
    return tmp_path


@posix
def test_every_python_on_the_path_and_of_pyenv_is_found_once(machine):
    script(machine / "first" / "python3.12", "echo pyenv has no such command; exit 127")
    script(machine / "python3.12", "echo 3 12 3.12.9")
    script(
        machine / "pyenv" / "versions" / "3.12.10" / "bin" / "python",
        "echo 3 12 3.12.10",
    )
    script(
        machine / "pyenv" / "versions" / "3.9.9" / "bin" / "python", "echo 3 9 3.9.9"
    )
    script(machine / "python3", "echo 3 12 3.12.9")
    found = interpreters.find()
    others = [i.version for i in found.interpreters if i.version != THIS.version]
    assert others == ["3.12.9", "3.12.10"]
    assert THIS.version in [i.version for i in found.interpreters]
    here = {"3.12", f"3.{THIS.minor}"}
    assert found.missing == [
        v for v in ("3.11", "3.12", "3.13", "3.14") if v not in here
    ]


@posix
def test_a_python_that_is_named_is_added_or_its_absence_told(machine):
    mine = script(machine / "mine", "echo 3 99 3.99.0")
    nothing = script(machine / "nothing", "exit 1")
    found = interpreters.find([mine, nothing])
    assert Interpreter(mine, "3.99.0", 99) in found.interpreters
    assert found.missing[0] == f"{nothing} (is no Python from 3.11 on)"


def test_versions_are_in_their_order():
    mixed = ["3.13.0", "3.9.1", "3.11.10", "3.11.9"]
    assert sorted(mixed, key=interpreters.order) == [
        "3.9.1",
        "3.11.9",
        "3.11.10",
        "3.13.0",
    ]


# The file.


def known(version, *, missing=(), outcome=QUIET):
    one = Kept(missing=list(missing))
    for way in WAYS:
        one.add(Interpreter("python", version, 11), way, outcome)
    return one


def test_what_is_kept_can_be_read_again(tmp_path):
    file = tmp_path / "versions.json"
    assert versions.kept(file) == Kept()
    whole = versions.merged(known("3.11.7"), known("3.12.1", outcome=HUNG))
    file.write_text(whole.as_json())
    assert versions.kept(file) == whole
    assert json.loads(whole.as_json())["missing"] == []


def test_new_outcomes_replace_old_ones_and_leave_those_of_other_pythons():
    old = versions.merged(known("3.11.7"), known("3.13.0"))
    new = known("3.11.7", outcome=HUNG, missing=["3.13", "3.14"])
    both = versions.merged(old, new)
    first = WAYS[0].name
    assert both.outcomes["3.11.7"][first] == HUNG
    assert both.outcomes["3.13.0"][first] == QUIET
    assert both.missing == ["3.14"]
    assert both.versions == ["3.11.7", "3.13.0"]


def test_a_way_that_is_no_more_is_dropped_from_old_outcomes():
    old = known("3.13.0")
    old.outcomes["3.13.0"]["by magic"] = QUIET
    assert "by magic" not in versions.merged(old, known("3.11.7")).outcomes["3.13.0"]


# The table of the book.


def cells(row):
    return [entry.astext() for entry in row.children[2:]]


def table_of(outcomes):
    """Return what is known of the first way, by the version of Python."""
    everything = Kept()
    for version, outcome in outcomes.items():
        everything.add(Interpreter("python", version, 11), WAYS[0], outcome)
    return everything


def test_pythons_that_differ_have_a_cell_each_and_those_that_do_not_share_one():
    differ = table_of({"3.11.7": QUIET, "3.12.1": HUNG})
    row = versions_table.row(differ, WAYS[0])
    assert cells(row) == [
        "ends at once\n\nClients saw: the end",
        "hangs until a second signal, 2 tracebacks\n\nClients saw: nothing",
    ]
    same = table_of({"3.11.7": QUIET, "3.12.1": QUIET})
    row = versions_table.row(same, WAYS[0])
    assert cells(row) == ["ends at once\n\nClients saw: the end"]
    assert row.children[2]["morecols"] == 1


def test_a_way_that_was_not_tried_fails_the_build():
    with pytest.raises(LookupError, match=r"not tried on 3\.11\.7: python -m lab"):
        versions_table.row(table_of({"3.11.7": QUIET}), WAYS[1])
    with pytest.raises(LookupError, match="no way to stop 'server99'"):
        versions_table.stopped("server99")


def test_the_words_under_the_table_say_where_it_comes_from():
    words = versions_table.origin(known("3.11.7"))[0].astext()
    assert words.startswith("We recorded these runs on ")
    assert platform.system() in words
    words = versions_table.origin(known("3.11.7", missing=["3.14"]))[-1].astext()
    assert words.endswith("; Python 3.14 was not tried.")


def test_the_python_of_the_pages_is_named_under_tables_of_steps_without_it():
    programs = "07", "s07_goodbye/never_closes"
    steps, others = (versions_table.stopped(program) for program in programs)
    python = versions_table.python_of_pyodide()
    words = versions_table.in_these_pages(known("3.11.7"), steps)
    assert words.startswith(f"Python {python} (Pyodide), the one in these pages")
    assert versions_table.in_these_pages(known("3.11.7"), others) == ""
    assert versions_table.in_these_pages(known(f"{python}.2"), steps) == ""


# The command.


@pytest.fixture
def one_way(monkeypatch, tmp_path):
    monkeypatch.setattr(versions, "WAYS", [Scenario("05", visitors.nobody)])
    monkeypatch.setattr(versions, "KEPT", tmp_path / "docs" / "_data" / "versions.json")
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    (tmp_path / "docs" / "_data").mkdir(parents=True)
    monkeypatch.setattr(interpreters, "find", lambda named: Found([THIS], ["3.99"]))


@posix
def test_the_command_prints_a_line_for_each_python_and_what_is_missing(one_way, capsys):
    assert command.run([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "step 05: Ctrl-C with no client",
        f"  {THIS.version:8} ends at once",
        "",
        "Looked for, and not found: 3.99",
    ]
    assert not versions.KEPT.exists()


@posix
def test_the_command_prints_json_and_keeps_it(one_way, capsys):
    assert command.run(["--json", "--save"]) == 0
    assert capsys.readouterr().out == versions.KEPT.read_text()
    (way,) = versions.WAYS
    assert versions.kept(versions.KEPT).outcomes[THIS.version][way.name].seconds == 0


@posix
def test_a_program_shows_what_becomes_of_it(one_way, capsys):
    command.show("05")
    assert capsys.readouterr().out.splitlines() == [
        f"Python {THIS.version}",
        "Ctrl-C with no client",
        "  ends at once",
    ]
    with pytest.raises(LookupError, match="'06'"):
        command.show("06")


def test_on_windows_it_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(versions.CannotTry, match="no process can press Ctrl-C"):
        command.run([])
