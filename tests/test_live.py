"""Programs in a page: which get a cell, and the book that has no Python in it."""

import os
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from lab.story import ROOT
from sphinx_book import live


def env(pyodide):
    """Return what a directive knows of the page that is being read."""
    config = SimpleNamespace(book_pyodide=pyodide)
    return SimpleNamespace(app=SimpleNamespace(config=config), temp_data={})


class Source(HTMLParser):
    """Collects the text that a browser reads in a cell."""

    text = ""

    def handle_data(self, data):
        self.text += data


def test_a_cell_holds_the_program_and_what_it_is_to_become():
    program = 'print("<b>" if 1 < 2 else "&amp;")\n'
    (node,) = live.cell(env(ROOT), "mine.py", program, check="04")
    html = node.astext()
    assert 'id="live-mine-py" data-title="mine.py" data-check="04"' in html
    page = Source()
    page.feed(html)
    assert page.text == program


def test_a_cell_knows_which_step_has_to_run_beside_it():
    (node,) = live.cell(env(ROOT), "visit.py", "", beside="05")
    assert 'data-title="visit.py" data-beside="05"' in node.astext()


def test_two_cells_of_one_name_are_told_apart():
    page = env(ROOT)
    first, second = (live.cell(page, "turns.py", "")[0].astext() for _ in range(2))
    assert 'id="live-turns-py"' in first
    assert 'id="live-turns-py-2"' in second


def test_there_is_no_cell_in_a_book_without_a_python():
    assert live.cell(env(None), "turns.py", "print(1)") == []


def commands_that_end(readme):
    """Return what follows after python in the commands of a README that need no more.

    The others go on until they are stopped, or want a file of the learner's.
    """
    lines = re.findall(r"^    python (\S+(?: \S+)*)", readme.read_text("utf-8"), re.M)
    commands = [line.split() for line in lines]
    ends = [c for c in commands if c[0] == "-m" and not {"run", "mine.py"} & set(c)]
    found = [c for c in ends if c[1] != "venv"]
    assert len(found) == 2
    return found


@pytest.mark.long  # it builds the whole book once more
@pytest.mark.timeout(180)
def test_a_book_that_is_built_without_a_python_does_not_speak_of_buttons(tmp_path):
    # One chapter, without what notebooks need: its links to others lead nowhere.
    options = ["include_patterns=docs/index.rst,docs/01-starting.rst"]
    options += ["extensions=sphinx.ext.intersphinx,sphinx_book"]
    words = [word for option in options for word in ("-D", option)]
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-Q", *words, str(ROOT), str(tmp_path)],
        env={**os.environ, "BOOK_WITHOUT_PYTHON": "1"},
        timeout=170,
        check=True,
    )
    page = (tmp_path / "docs" / "01-starting.html").read_text(encoding="utf-8")
    assert "second: 3" in page  # what turns.py prints is there, as ever
    assert 'class="live"' not in page
    assert "press Check" not in page
    assert not (tmp_path / "lite").exists()
    # What can be taken away is there all the same.
    with zipfile.ZipFile(tmp_path / "asyncio-chat-book.zip") as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {
            "asyncio-chat-book"
        }
        archive.extractall(tmp_path)
    folder = tmp_path / "asyncio-chat-book"
    assert (folder / "steps/broken/echoes.diff").is_file()  # notebooks assemble it
    assert (folder / "requirements.txt").is_file()
    for command in commands_that_end(folder / "README.md"):
        subprocess.run([sys.executable, *command], cwd=folder, timeout=60, check=True)
    words = (tmp_path / "llms.txt").read_text(encoding="utf-8")
    assert "](docs/01-starting.html)" in words
    assert "`server05`: The server delivers" in words
