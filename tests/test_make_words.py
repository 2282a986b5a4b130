"""What make hands on is what it was told, whatever is in the name of a file."""

import os
import shutil
import subprocess
import sys

import pytest

from lab.story import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or sys.platform == "win32", reason="has no make"
)
NAMES = ["mine.py", "my server.py", "a;b.py", "it's.py", 'a"b.py', "$HOME `id`.py", "#"]


@pytest.fixture
def make(tmp_path):
    """Return what makes a target, with a Python that prints what it is told."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tools / "python").chmod(0o755)
    (tmp_path / "requirements.txt").touch()
    os.utime(tmp_path / "requirements.txt", (0, 0))
    (tmp_path / ".venv" / ".ready").touch()

    def call(*words):
        command = ["make", "--silent", *words]
        # A make that has started us hands its own words on, such as PYTHON=...
        ours = ("PYTHON", "VENV", "ARGS")
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MAKE") and name not in ours
        }
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_one_word(name, make):
    done = make("check", "STEP=06", f"FILE={name}")
    assert done.stdout.splitlines() == ["-m", "lab", "check", "06", name]


def test_a_file_to_be_searched_is_one_word_too_or_none(make):
    words = ["-m", "lab", "search", "05"]
    done = make("search", "FILE=my server.py", "SEEDS=7")
    assert done.stdout.splitlines() == [*words, "my server.py", "--seeds", "7"]
    assert make("search").stdout.splitlines() == [*words, "--seeds", "200"]
    assert make("check").returncode == 2


def test_learn_hands_on_its_options_and_the_book(make):
    done = make("learn", "ARGS=--no-open --port 8000")
    words = ["-m", "lab", "read", "--no-open", "--port", "8000", "build/html"]
    assert done.stdout.splitlines()[-len(words) :] == words
