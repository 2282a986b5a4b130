"""Cells that run in a loop that runs already, as a page in the browser has them."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from lab import network, story
from lab.cells import CUT, MAX_CHARACTERS, Session
from lab.course.exercise import beginning
from lab.story import STEPS


@pytest.fixture
def said():
    """Return the list of what is printed: the cell, the kind, and the text."""
    return []


@pytest.fixture
def begin(said):
    """Return what makes a session: in the test, for pytest takes the streams then."""
    sessions = []

    def made():
        sessions.append(Session(lambda *what: said.append(what)))
        return sessions[-1]

    yield made
    for session in sessions:
        session.close()


def printed(said, cell, kind="out"):
    return "".join(text for where, what, text in said if (where, what) == (cell, kind))


def verdicts(said):
    """Return the verdicts of all checks, each with its words."""
    return [
        (kind, text) for _, kind, text in said if kind in ("kept", "broken", "refused")
    ]


async def until(condition):
    """Let the loop run until it is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0)


async def turns(count=10):
    """Let all that has begun go on for a few turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_python_printed_to_before_is_given_back(begin, capsys):
    session = begin()
    print("into the cell")
    session.close()
    print("into the terminal")
    assert capsys.readouterr().out == "into the terminal\n"


async def test_a_cell_may_await_and_shows_its_last_expression(begin):
    session = begin()
    html = await session.run("a", "import asyncio\nawait asyncio.sleep(0, '<b>')")
    assert html == "<pre>&#x27;&lt;b&gt;&#x27;</pre>"
    assert await session.run("a", "x = 1") == ""
    assert await session.run("b", "x + 1") == "<pre>2</pre>"


async def test_a_picture_is_shown_as_one(begin):
    session = begin()
    source = "class P:\n    def _repr_html_(self):\n        return '<svg/>'\nP()"
    assert await session.run("a", source) == "<svg/>"


async def test_an_error_is_told_from_the_cell_on(begin, said):
    session = begin()
    assert await session.run("a", "def f():\n    1 / 0\nf()") == ""
    lines = printed(said, "a", "err").splitlines()
    assert lines[1:3] == ['  File "<cell a>", line 3, in <module>', "    f()"]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    await session.run("a", "while")
    assert "SyntaxError" in printed(said, "a", "err")


CALLS = """
import asyncio
async def main():
    await asyncio.open_connection("127.0.0.1", 1)
asyncio.run(main())
"""

SIMULATED_ERROR = """
import asyncio
from lab import simulation
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail())
async def fail():
    1 / 0
def run():
    with simulation.simulated(simulation.Loop()):
        asyncio.run(main())
run()
"""


def files_in(trace):
    return re.findall(r'File "([^"]+)", line', trace)


@pytest.mark.parametrize("source", [CALLS, SIMULATED_ERROR])
async def test_a_traceback_has_the_names_of_the_reader_and_none_of_our_frames(
    begin, said, source
):
    network.install(asyncio.get_running_loop())
    await begin().run("live-call-py", source, "call.py")
    trace = printed(said, "live-call-py", "err")
    assert "Traceback" in trace
    files = files_in(trace)
    assert files[0] == "call.py"
    own = {Path(file).name for file in files}
    assert own <= {"call.py", "streams.py", "base_events.py", "taskgroups.py"}
    assert not re.search(r"run_here|evaluated|runners|run_until", trace)


async def test_what_a_page_cannot_do_is_explained_in_a_line(begin, said):
    session = begin()
    await session.run("a", "input('Your name? ')", "ask.py")
    lines = printed(said, "a", "err").splitlines()
    assert files_in("\n".join(lines)) == ["ask.py"]
    assert lines[-1].startswith("RuntimeError: input() does not work in a page: write")
    await session.run("b", 'raise RuntimeError("can\'t start new thread")')
    last = printed(said, "b", "err").splitlines()[-1]
    assert last.startswith("A page has no threads: start a task with asyncio.create")


async def test_a_program_runs_as_it_is_and_leaves_nothing_behind(begin, said):
    session = begin()
    await session.run(
        "a",
        "import asyncio\n"
        "async def wait():\n"
        "    try:\n        await asyncio.Event().wait()\n"
        "    finally:\n        print('tidied up')\n"
        "async def main():\n"
        "    global task\n"
        "    task = asyncio.create_task(wait())\n"
        "    await asyncio.sleep(0)\n"
        "    return 5\n"
        "print(asyncio.run(main()))\n",
    )
    assert printed(said, "a") == "tidied up\n5\n"


async def test_stop_is_ctrl_c_for_one_cell_only(begin, said):
    session = begin()
    source = (STEPS / "server01.py").read_text(encoding="utf-8")
    running = [asyncio.create_task(session.run(cell, source)) for cell in ("a", "b")]
    await turns()  # both have begun, and neither has ticked
    session.stop("a")
    await running[0]
    assert printed(said, "a").endswith("The server has stopped after 0 ticks.\n")
    if sys.version_info >= (3, 12):  # before that, no task can say whose it is
        assert "stopped" not in printed(said, "b")
    session.stop("b")
    await running[1]
    assert printed(said, "a", "err") + printed(said, "b", "err") == ""


STOPPED = """
import asyncio
async def main():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("main has tidied up")
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("Ctrl-C")
print("the program goes on")
"""


async def test_a_program_that_is_stopped_sees_a_keyboard_interrupt(begin, said):
    session = begin()
    running = asyncio.create_task(session.run("a", STOPPED))
    await turns()
    session.stop("a")
    assert await running == ""
    words = ["main has tidied up", "Ctrl-C", "the program goes on"]
    assert printed(said, "a").splitlines() == words


async def test_a_step_that_heeds_signals_is_stopped_like_the_others(begin, said):
    session = begin()
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    others = asyncio.all_tasks()
    source = (STEPS / "server07.py").read_text().replace("9011", "0")
    try:
        running = asyncio.create_task(session.run("a", source))
        await until(lambda: "Listening on" in printed(said, "a"))
        port = int(printed(said, "a").rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        session.stop("a")
        assert b'"bye"' in await reader.read()
        writer.close()
        await writer.wait_closed()
        assert await running == ""
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert printed(said, "a", "err") == ""
    assert asyncio.all_tasks() == others


SIMULATED = """
import asyncio
from lab import simulation
async def main():
    await asyncio.sleep(3600)
    print("an hour later")
def run():
    with simulation.simulated(simulation.Loop()):
        asyncio.run(main())
run()
"""


async def test_a_function_that_brings_a_simulation_is_left_as_it_is(begin, said):
    await begin().run("a", SIMULATED)
    assert printed(said, "a") == "an hour later\n"
    assert printed(said, "a", "err") == ""


async def test_a_main_that_returns_when_it_is_stopped_has_ended_as_it_wanted(
    begin, said
):
    session = begin()
    source = STOPPED.replace("finally:", "except asyncio.CancelledError:")
    running = asyncio.create_task(session.run("a", source))
    await turns()
    session.stop("a")
    await running
    words = ["main has tidied up", "the program goes on"]  # as asyncio.run has it
    assert printed(said, "a").splitlines() == words


async def test_a_cell_that_awaits_is_stopped_without_a_word(begin, said):
    session = begin()
    source = "import asyncio\nprint('begun')\nawait asyncio.Event().wait()"
    running = asyncio.create_task(session.run("a", source))
    await turns()
    session.stop("a")
    assert await running == ""
    session.stop("a")  # it has ended: there is nothing to stop
    session.stop("nowhere")
    assert said == [("a", "out", "begun"), ("a", "out", "\n")]


async def test_a_cell_that_is_run_again_is_stopped_first(begin, said):
    session = begin()
    source = "import asyncio\ntry:\n    await asyncio.Event().wait()\n"
    source += "finally:\n    print('stopped')"
    running = asyncio.create_task(session.run("a", source))
    await turns()
    assert await session.run("a", "1") == "<pre>1</pre>"
    assert await running == ""
    assert printed(said, "a") == "stopped\n"


SPEAKING = """
import asyncio
async def speak():
    for n in range(3):
        print("NAME", n)
        await asyncio.sleep(0)
asyncio.run(speak())
"""


async def test_what_two_cells_print_at_once_goes_to_each(begin, said):
    session = begin()
    cells = ("a", "b")
    runs = (session.run(cell, SPEAKING.replace("NAME", cell)) for cell in cells)
    await asyncio.gather(*runs)
    for cell in cells:
        assert printed(said, cell) == f"{cell} 0\n{cell} 1\n{cell} 2\n"
    order = "".join(cell for cell, _, text in said if text in cells or " " in text)
    assert "ab" in order
    assert "ba" in order  # they have spoken in turns


async def test_what_a_cell_has_left_running_prints_into_that_cell(begin, said):
    session = begin()
    source = "import asyncio\nnow = asyncio.Event()\nasync def wait():\n"
    source += (
        "    await now.wait()\n    print('late')\ntask = asyncio.create_task(wait())"
    )
    await session.run("a", source)
    await session.run("b", "now.set()\nawait task")
    assert printed(said, "a") == "late\n"
    assert printed(said, "b") == ""


async def test_asyncio_run_of_what_is_no_coroutine_is_refused(begin, said):
    session = begin()
    await session.run("a", "import asyncio\nasyncio.run(5)")
    assert "a coroutine was expected, got 5" in printed(said, "a", "err")


async def test_what_main_raises_comes_out_of_asyncio_run(begin, said):
    session = begin()
    source = "import asyncio\nasync def main():\n    raise LookupError('oh')\n"
    await session.run("a", source + "asyncio.run(main())")
    complaint = printed(said, "a", "err")
    assert "line 3, in main" in complaint
    assert complaint.endswith("LookupError: oh\n")


async def test_what_is_printed_is_bounded(begin, said):
    session = begin()
    await session.run("a", f"print('x' * {3 * MAX_CHARACTERS})\nprint('more')")
    assert printed(said, "a") == "x" * MAX_CHARACTERS + CUT
    await session.run("a", "print('again')")
    assert printed(said, "a").endswith("again\n")


async def test_the_way_out_of_a_program_is_told(begin, said):
    session = begin()
    for way in ("sys.exit()", "sys.exit(0)"):
        await session.run("a", f"import sys\n{way}")
    assert said == []
    await session.run("a", "import sys\nsys.exit('no server')")
    assert printed(said, "a", "err") == "no server\n"


async def test_our_own_step_is_kept(begin, said):
    session = begin()
    source = (STEPS / "server03.py").read_text(encoding="utf-8")
    report = await session.check("a", source, "03")
    assert printed(said, "a") == ""
    (verdict,) = verdicts(said)
    assert verdict[0] == "kept"
    assert f"{verdict[1]}. The server is" in report  # such as 31 kept
    assert "BROKEN" not in report
    assert "The server is as far as server03" in report


async def test_the_place_to_begin_at_is_not_there_yet(begin, said):
    session = begin()
    report = await session.check("a", beginning(story.find("04")), "04")
    assert report.startswith('<pre class="report">')
    ((kind, words),) = verdicts(said)
    assert kind == "broken"
    assert re.fullmatch(r"[1-9]\d* broken, [1-9]\d* kept", words)
    assert "BROKEN" in report
    assert "as far as server03; the goal was server04" in report


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("async def main(", "cannot be checked: mine.py, line 1: "),
        ("x = 1", "has no main(host, port)"),
        (
            "async def main(host='', port=0):\n    raise LookupError('oh')",
            "LookupError: oh",
        ),
        ("import nowhere\nasync def main(host, port): ...", "ModuleNotFoundError"),
    ],
)
async def test_what_cannot_be_checked_is_told_in_a_line(begin, said, source, words):
    session = begin()
    await session.check("a", source, "03")
    ((kind, complaint),) = verdicts(said)
    assert kind == "refused"
    assert complaint.startswith("It cannot be checked: ")
    assert words in complaint
    assert "\n" not in complaint


async def test_the_file_of_a_check_has_the_name_that_the_reader_knows(begin, said):
    source = (STEPS / "server05.py").read_text(encoding="utf-8")
    start = 'if __name__ == "__main__":'
    await begin().check("a", source.replace(start, f"print(__file__)\n{start}"), "05")
    assert "mine.py\n" in printed(said, "a")
    assert os.sep not in printed(said, "a")


async def test_a_program_that_gives_up_its_output_silences_no_other_cell():
    said = []
    session = Session(lambda *words: said.append(words))
    try:
        await session.run("one", "import sys\nsys.stdout = sys.stderr = None")
        await session.run(
            "two", "import sys\nprint('out')\nprint('err', file=sys.stderr)"
        )
    finally:
        session.close()
    assert [kind for _, kind, text in said if text.strip()] == ["out", "err"]
