"""A mistake is a diff that names places: what it changes, and when it refuses to."""

import os
import subprocess
import sys
import warnings
from collections import Counter

import pytest

from lab.__main__ import main
from lab.mistakes import diff, twins
from lab.story import ROOT, NoSuchStep, Step

EVERY = [*twins.twins(), *twins.mistakes()]
STEP = '''\
"""The server counts.

New: all of it.
Still wrong: nothing.
"""

MOST = 3  # of them


def low(number):
    if number < MOST:
        return True
    return False


class Counter:
    most = MOST

    def add(self):
        self.most += 1
        return low(self.most)


def high(number):
    return False
'''
HEAD = "Wrong on purpose: counts wrongly.\n\nTwin of: server05\nSlips through: wire"


@pytest.fixture(name="apply")
def fixture_apply(tmp_path):
    """Return what applies hunks, given as text, to a small step."""
    (tmp_path / "server05.py").write_text(STEP, encoding="utf-8")

    def apply(hunks, newline="\n"):
        path = tmp_path / "counts.diff"
        with path.open("w", encoding="utf-8", newline=newline) as file:
            file.write(f"{HEAD}\n\n{hunks}")
        return diff.applied(diff.read(path), Step(tmp_path / "server05.py"))

    return apply


def changed(old, new):
    """Return what STEP becomes with the head for a docstring and one thing changed."""
    assert STEP.count(old) == 1
    end = STEP.index('"""\n\nMOST')
    return f'"""{HEAD}\n{STEP[end:]}'.replace(old, new)


@pytest.mark.parametrize(
    ("hunks", "old", "new"),
    [
        ("@@\n-MOST = 3  # of them\n+MOST = 4\n", "MOST = 3  # of them", "MOST = 4"),
        ("@@ low\n-    return False\n", "True\n    return False\n", "True\n"),
        (
            "@@ Counter\n-    most = MOST\n+    most = 0\n",
            "    most = MOST",
            "    most = 0",
        ),
        (
            "@@ Counter.add\n         self.most += 1\n+        print(self)\n",
            "+= 1\n",
            "+= 1\n        print(self)\n",
        ),
    ],
    ids=["outside of all", "in a function", "in a class", "in a method"],
)
def test_lines_go_and_come_in_their_place(apply, hunks, old, new):
    assert apply(hunks) == changed(old, new)


def test_an_empty_line_may_stand_for_itself(apply):
    hunks = "@@\n MOST = 3  # of them\n\n\n-def low(number):\n+def low(n):\n"
    assert apply(hunks) == changed("def low(number)", "def low(n)")


def test_several_hunks_may_come_in_any_order(apply):
    hunks = ["@@ low\n-    return False\n+    return 0", "@@\n-MOST = 3  # of them"]
    assert apply("\n\n".join(hunks)) == apply("\n\n".join(reversed(hunks)) + "\n")


def test_windows_may_end_the_lines_in_its_way(apply, tmp_path):
    hunks = "@@ low\n-    return False\n+    return None\n"
    as_it_is = apply(hunks)
    assert apply(hunks, newline="\r\n") == as_it_is
    text = STEP.replace("\n", "\r\n").encode()
    (tmp_path / "server05.py").write_bytes(b"\xef\xbb\xbf" + text)
    step = Step(tmp_path / "server05.py")
    assert diff.applied(diff.read(tmp_path / "counts.diff"), step) == as_it_is


REFUSED = {
    "no hunk": ("", "line 1: expected a place after @@"),
    "no mark": (
        "@@ low\n-    return False\nreturn",
        "line 8: expected a space, '-' or",
    ),
    "no old line": ("@@ low\n+    pass\n", "line 6: expected a line of the step"),
    "place gone": (
        "@@ middle\n-    return False\n",
        "line 6: expected server05 to have one middle; found none",
    ),
    "line gone": (
        "@@ Counter.add\n         self.most += 1\n-        return False\n",
        "line 8: expected this once in Counter.add of server05: 'return False'; "
        "found it 0 times",
    ),
    "line of another place": (
        "@@ low\n-        self.most += 1\n",
        "line 7: expected this once in low of server05: 'self.most += 1'; "
        "found it 0 times",
    ),
    "line twice": (
        "@@\n-    return False\n",
        "line 7: expected this once in the file of server05: 'return False'; "
        "found it 2 times",
    ),
    "lines apart": (
        "@@ low\n     if number < MOST:\n-    return False\n",
        "line 7: expected this once in low of server05: 'if number < MOST:'; "
        "found it 0 times",
    ),
    "lines of another hunk": (
        "@@ low\n-    return False\n\n@@ low\n-    return False\n",
        "expected lines of its own; found those of another hunk",
    ),
    "docstring": ("@@\n-New: all of it.\n", "expected this once in the file"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_does_not_fit_is_refused_with_file_and_line(apply, wrong):
    hunks, said = REFUSED[wrong]
    with pytest.raises(diff.DoesNotFit) as raised:
        apply(hunks)
    assert "counts.diff, line " in str(raised.value)
    assert said in str(raised.value)


def test_a_place_that_is_there_twice_is_refused(apply, tmp_path):
    apply("@@ high\n-    return False\n")
    with (tmp_path / "server05.py").open("a") as file:
        file.write("\n\ndef high(number):\n    return True\n")
    with pytest.raises(diff.DoesNotFit, match="to have one high; found 2"):
        apply("@@ high\n-    return False\n")


# Where the assembled file is.


def test_it_is_written_once_and_nothing_else_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(diff, "BUILT", tmp_path / "build" / "broken")
    path = twins.find("echoes").step.path
    assert path == tmp_path / "build" / "broken" / "echoes.py"
    before = path.stat().st_mtime_ns
    assert twins.find("echoes").step.path.stat().st_mtime_ns == before
    path.write_text("half of it")
    assert twins.find("echoes").step.path.read_text() != "half of it"
    assert [file.name for file in path.parent.iterdir()] == ["echoes.py"]


def test_where_nothing_can_be_written_it_is_in_a_temporary_folder(
    monkeypatch, tmp_path
):
    file = tmp_path / "build"
    file.write_text("not a folder")
    monkeypatch.setattr(diff, "BUILT", file / "broken")
    path = twins.find("echoes").step.path
    assert path.name == "echoes.py"
    assert file not in path.parents
    assert path == twins.find("echoes").step.path


RACE = """
import sys
from pathlib import Path
from lab.mistakes import diff, twins

diff.BUILT = Path(sys.argv[1])
for _ in range(20):
    path = twins.find("echoes").step.path
    assert path.parent == diff.BUILT
    path.unlink(missing_ok=True)
"""


def test_several_processes_may_assemble_it_at_once(tmp_path):
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [process.communicate()[1] for process in started] == [b""] * 3
    assert not list(tmp_path.iterdir())


# Those in steps/broken/.


@pytest.mark.parametrize("twin", EVERY, ids=lambda twin: twin.name)
def test_it_is_python_and_differs_from_its_step_by_its_hunks_only(twin):
    text = twin.step.path.read_text("utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as a backslash in the head
        assert (
            compile(text, twin.diff.file, "exec").co_consts[0] == f"{twin.diff.head}\n"
        )
    lines = [line for hunk in twin.diff.hunks for line in hunk.lines]
    gone, come = (Counter(x[1:] for x in lines if x[:1] == mark) for mark in "-+")
    before = Counter(body(twin.of.path.read_text("utf-8").split("\n")))
    assert Counter(body(text.split("\n"))) == before - gone + come


def body(lines):
    """Return what comes after the docstring of a step."""
    return lines[lines.index('"""', 1) + 1 :]


def test_a_twin_has_no_slips_of_other_kinds():
    # What is in build/ is not looked at otherwise. A planted mistake may look like one.
    files = [twin.step.path for twin in twins.twins()]
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["check", "--ignore", "D102"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *words, "--config", ROOT / "pyproject.toml", *files],
            cwd=ROOT,
            env={**os.environ, "RUFF_NO_CACHE": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "head",
    [
        "Wrong on purpose: counts.\n\nTwin of: server05",
        "Wrong on purpose: counts.\n\nTwin of: server05\nBreaks: a_thing",
        "Wrong on purpose: counts.\n\nBreaks: a\nCause: It.\nRepair: It.",
    ],
    ids=["neither", "no cause", "no step"],
)
def test_a_head_of_another_form_is_refused(tmp_path, monkeypatch, head):
    monkeypatch.setattr(twins, "BROKEN", tmp_path)
    (tmp_path / "counts.diff").write_text(f"{head}\n\n@@\n-x\n")
    with pytest.raises(ValueError, match=r"counts\.diff: expected a head that says"):
        twins.twins()


def test_a_step_that_has_changed_is_told_only_to_those_who_ask_for_it(
    monkeypatch, tmp_path
):
    text = twins.find("echoes").of.path.read_text("utf-8")
    (tmp_path / "server05.py").write_text(text.replace("send_to(ROOMS", "tell(ROOMS"))
    twin = twins.find("echoes")
    moved = twins.Twin(**{**vars(twin), "of": Step(tmp_path / "server05.py")})
    assert moved.name == "echoes"
    said = r"steps/broken/echoes\.diff, line 9: expected this once in Client\.chat of "
    with pytest.raises(diff.DoesNotFit, match=said):
        _ = moved.step


# The command line.


@pytest.mark.parametrize("name", ["broken/echoes", "steps/broken/echoes.diff"])
def test_show_prints_the_assembled_file(name, capsys):
    assert main(["show", name]) == 0
    assert capsys.readouterr().out == twins.find("echoes").step.path.read_text("utf-8")


def test_show_prints_the_diff(capsys):
    assert main(["show", "broken/echoes", "--diff"]) == 0
    path = ROOT / "steps" / "broken" / "echoes.diff"
    assert capsys.readouterr().out == path.read_text("utf-8")


def test_show_prints_a_step_which_has_no_diff(capsys):
    assert main(["show", "05"]) == 0
    shown = capsys.readouterr().out
    assert shown == (ROOT / "steps" / "server05.py").read_text("utf-8")
    assert main(["show", "05", "--diff"]) == 2
    assert "lab: --diff is for broken/NAME, not for 05" in capsys.readouterr().err


def test_a_file_of_a_readers_own_folder_may_be_called_broken(tmp_path):
    mine = tmp_path / "broken" / "echoes.py"
    assert twins.located(str(mine)) == str(mine)
    assert twins.located("05") == "05"


def test_a_twin_that_is_not_there_is_refused_with_the_names_of_all():
    with pytest.raises(NoSuchStep, match=r"there is no twin 'echo'; there are a_task_"):
        twins.located("broken/echo")
