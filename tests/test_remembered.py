"""What the book remembers of a run, and when it forgets it."""

import sys

import pytest

from lab.story import ROOT

sys.path.append(str(ROOT / "docs" / "_ext"))

import remembered  # one of ours: the path had to be set first


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a small copy of what programs can use, with nothing remembered yet."""
    for name in ("requirements.txt", "steps/server05.py", "lab/client.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(remembered, "ROOT", tmp_path)
    monkeypatch.setattr(remembered, "PLACE", tmp_path / "build" / "shown")
    remembered.of_the_sources.cache_clear()
    yield tmp_path
    remembered.of_the_sources.cache_clear()


def builds_anew():
    """Do as a new build does: look at the files again."""
    remembered.of_the_sources.cache_clear()


def counting(what="hello"):
    """Return what runs, and how often it has."""
    runs = []

    def run():
        runs.append(what)
        return f"{what}\r\n茶"

    return run, runs


def test_it_runs_once_as_long_as_nothing_changes(tree):
    run, runs = counting()
    for _ in range(3):
        builds_anew()
        assert remembered.remembered("hello.py", run) == "hello\r\n茶"
    assert len(runs) == 1


@pytest.mark.parametrize(
    "name", ["steps/server05.py", "lab/client.py", "requirements.txt", "tests/new.py"]
)
def test_it_runs_anew_when_a_file_is_another(name, tree):
    run, runs = counting()
    remembered.remembered("hello.py", run)
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("something else")
    builds_anew()
    remembered.remembered("hello.py", run)
    assert len(runs) == 2


def test_it_runs_anew_when_a_file_is_gone(tree):
    run, runs = counting()
    remembered.remembered("hello.py", run)
    (tree / "lab" / "client.py").unlink()
    builds_anew()
    remembered.remembered("hello.py", run)
    assert len(runs) == 2


def test_one_run_is_not_taken_for_another(tree):
    (one, _), (other, runs) = counting("one"), counting("other")
    assert remembered.remembered("one.py", one) == "one\r\n茶"
    assert remembered.remembered("other.py", other) == "other\r\n茶"
    assert len(runs) == 1


def test_what_fails_is_not_remembered(tree):
    def fails():
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError):
        remembered.remembered("hello.py", fails)
    run, _ = counting()
    assert remembered.remembered("hello.py", run) == "hello\r\n茶"


def test_where_nothing_can_be_kept_it_runs_every_time(tree):
    (tree / "build").write_text("a file, and no folder")
    run, runs = counting()
    for _ in range(2):
        remembered.remembered("hello.py", run)
    assert len(runs) == 2


def test_only_the_latest_states_are_kept(tree):
    run, _ = counting()
    for version in range(remembered.MOST + 3):
        (tree / "lab" / "client.py").write_text(f"version {version}")
        builds_anew()
        remembered.remembered("hello.py", run)
    kept = list(remembered.PLACE.iterdir())
    assert len(kept) == remembered.MOST
    assert remembered.PLACE / remembered.of_the_sources() in kept
