"""Cells that run in a loop that runs already, as a page in the browser has them."""

import asyncio
import sys

import pytest

from lab import story
from lab.cells import CUT, MOST, Session
from lab.exercise import beginning
from lab.story import STEPS


@pytest.fixture
def said():
    """Return a list of what is printed, and give the streams back at the end."""
    return []


@pytest.fixture
def begin(said, monkeypatch):
    """Return what makes a session: in the test, for pytest takes the streams then."""

    def made():
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, getattr(sys, name))
        return Session(lambda *what: said.append(what))

    return made


def printed(said, cell, kind="out"):
    return "".join(text for where, what, text in said if (where, what) == (cell, kind))


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
    for _ in range(10):  # turns: both have begun, and neither has ticked
        await asyncio.sleep(0)
    session.stop("a")
    await running[0]
    assert printed(said, "a").endswith("The server has stopped after 0 ticks.\n")
    if sys.version_info >= (3, 12):  # before that, no task can say whose it is
        assert "stopped" not in printed(said, "b")
    session.stop("b")
    await running[1]


async def test_what_is_printed_is_bounded(begin, said):
    session = begin()
    await session.run("a", f"print('x' * {3 * MOST})\nprint('more')")
    assert printed(said, "a") == "x" * MOST + CUT
    await session.run("a", "print('again')")
    assert printed(said, "a").endswith("again\n")


async def test_the_way_out_of_a_program_is_told(begin, said):
    session = begin()
    await session.run("a", "import sys\nsys.exit('no server')")
    assert printed(said, "a", "err") == "no server\n"


async def test_our_own_step_is_kept(begin, said):
    session = begin()
    source = (STEPS / "server03.py").read_text(encoding="utf-8")
    await session.check("a", source, "03")
    report = printed(said, "a")
    assert "BROKEN" not in report
    assert "The server is as far as server03" in report


async def test_the_place_to_begin_at_is_not_there_yet(begin, said):
    session = begin()
    await session.check("a", beginning(story.find("04")), "04")
    report = printed(said, "a")
    assert "BROKEN" in report
    assert "as far as server03; the goal was server04" in report


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("async def main(", "line 1"),
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
    complaint = printed(said, "a", "err")
    assert complaint.startswith("It cannot be checked: ")
    assert words in complaint
    assert complaint.count("\n") == 1
