"""What the book remembers of a run, and when it forgets it."""

import os
import shutil
import subprocess
import sys

import pytest

from sphinx_book import remembered

PROGRAM = "program.py"
FILES = {
    "steps/step.py": "WORDS = 'as it was'\n",
    "lab/__init__.py": "",
    "lab/tool.py": "import step\n",
    "data.json": "{}",
    "requirements.txt": "",
    PROGRAM: "",
}
START = """
import subprocess, sys
subprocess.run([sys.executable, "steps/{}"], check=True)
"""
FILES["steps/starts.py"] = START.format("step.py")
# Ways in which a program can come to use steps/step.py, some of which its text hides.
USES = {
    "imports": "import step",
    "imports what imports it": "import lab.tool",
    "imports a computed name": "import importlib; importlib.import_module('st' 'ep')",
    "reads the file": "print(open('steps/' + 'step.py').read())",
    "runs it": "import runpy; runpy.run_path('steps/step.py')",
    "starts a process": START.format("step.py"),
    "starts a process that starts another": START.format("starts.py"),
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a small project with a program in it, and nothing remembered yet."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    reads = tmp_path / "docs" / "_ext" / "reads"
    shutil.copytree(remembered.READS, reads)
    monkeypatch.setattr(remembered, "ROOT", tmp_path)
    monkeypatch.setattr(remembered, "READS", reads)
    monkeypatch.setattr(remembered, "PLACE", tmp_path / "build" / "shown")
    return tmp_path


class Runs:
    """Runs the program of a tree, and counts how often."""

    def __init__(self, tree):
        self.tree, self.count = tree, 0

    def __call__(self, noting):
        self.count += 1
        code = (
            f"import sys; sys.path.insert(0, 'steps'); exec(open({PROGRAM!r}).read())"
        )
        noting = noting | {
            "PYTHONPATH": os.pathsep.join(
                (noting["PYTHONPATH"], str(self.tree / "steps"))
            )
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.tree,
            env=noting,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout

    def shown(self, what=PROGRAM):
        return remembered.remembered(what, self)


def program(tree, text="print('hello')"):
    (tree / PROGRAM).write_text(text)
    return Runs(tree)


@pytest.mark.parametrize("text", USES.values(), ids=USES)
def test_it_runs_anew_when_what_it_used_is_another_and_only_then(text, tree):
    runs = program(tree, text)
    first = runs.shown()
    assert "steps/step.py" in first.read
    (tree / "lab" / "other.py").write_text("it used nothing of this\n")
    assert runs.shown() == first
    assert runs.count == 1
    (tree / "steps" / "step.py").write_text("WORDS = 'other'\n")
    runs.shown()
    assert runs.count == 2


def test_a_folder_that_it_lists_is_noted_and_its_files_may_change(tree):
    runs = program(
        tree, "import pathlib; print(*sorted(pathlib.Path('lab').glob('*.py')))"
    )
    runs.shown()
    (tree / "lab" / "tool.py").write_text("changed")
    runs.shown()
    assert runs.count == 1
    (tree / "lab" / "new.py").write_text("")
    assert "new.py" in runs.shown().text
    assert runs.count == 2


@pytest.mark.parametrize("name", ["requirements.txt", PROGRAM])
def test_it_runs_anew_with_another_lock_and_when_it_is_another_itself(name, tree):
    runs = program(tree)
    runs.shown()
    (tree / name).write_text("# something else\n")
    runs.shown()
    assert runs.count == 2


def test_it_runs_anew_when_a_file_that_it_used_is_gone(tree):
    runs = program(
        tree,
        "import os; print(os.path.exists('data.json') and open('data.json').read())",
    )
    runs.shown()
    (tree / "data.json").unlink()
    assert runs.shown().text == "False\n"


def test_what_it_writes_and_what_is_built_is_not_what_it_used(tree):
    (tree / "build").mkdir()
    (tree / "build" / "made").write_text("")
    runs = program(tree, "open('new', 'w').close(); open('build/made').close()")
    assert set(runs.shown().read) == {PROGRAM}


def test_one_run_is_not_taken_for_another(tree):
    runs = program(tree, "import time; print(time.time_ns())")
    assert runs.shown("one") != runs.shown("other")
    assert runs.shown("one") == runs.shown("one")


def test_what_fails_is_not_remembered(tree):
    with pytest.raises(subprocess.CalledProcessError):
        program(tree, "raise RuntimeError('out of luck')").shown()
    assert remembered.recall(PROGRAM) is None


def test_what_has_noted_nothing_is_not_remembered(tree):
    remembered.remembered("by hand", lambda noting: "hello")
    assert remembered.recall("by hand") is None


@pytest.mark.parametrize("text", ["half of i", "[]", '{"text": "of an older module"}'])
def test_what_cannot_be_read_is_run_again(text, tree):
    runs = program(tree)
    runs.shown()
    (kept,) = remembered.PLACE.iterdir()
    kept.write_text(text)
    assert runs.shown().text == "hello\n"
    assert runs.count == 2


def test_where_nothing_can_be_kept_it_runs_every_time(tree):
    (tree / "build").write_text("a file, and no folder")
    runs = program(tree)
    for _ in range(2):
        assert runs.shown().text == "hello\n"
    assert runs.count == 2
