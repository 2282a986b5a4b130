"""Puts Python into the built site: for the cells of its pages, and for its notebooks.

The notebooks open in JupyterLite, which is built into the folder ``lite/`` of the site.
The cells use the same Pyodide. All of it is served by the site itself.
"""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from sphinx_book import editor, npm, pyodide, snapshot
from sphinx_book.remembered import state_of_all

ROOT = Path(__file__).resolve().parents[3]
LITE = ROOT / "docs" / "_lite"
CACHE = ROOT / "build" / "cache"
BOOK = ("lab", "steps", "docs/examples")  # what a cell can import
# What can be downloaded: requirements.txt is what the notebooks need besides.
LEARNERS = (*BOOK, "bench", "notebooks", "LICENSE", "requirements.txt")
ARCHIVE = "asyncio-chat-book.zip"  # in the site's root
FOLDER = "asyncio-chat-book"  # into which it unpacks
README = ROOT / "docs" / "_data" / "README.md"  # which commands work from there

KINDS = (".py", ".diff", ".ipynb", ".js", ".css")  # the stepper's viewer included

logger = logging.getLogger(__name__)


def fetch(app: Sphinx) -> None:
    """Fetch Pyodide before the pages are read; without it they have no cells."""
    app.config.book_pyodide = None
    if app.builder.format != "html" or not app.config.book_python:
        return
    try:
        app.config.book_pyodide = pyodide.folder(CACHE)
    except npm.NotToBeHad as reason:
        # No warning: a book without cells is a book.
        words = "the pages are built without a Python in them; it could not be had"
        say(f"{words}: {reason}")


def say(words: str) -> None:
    """Tell the person who builds the book, even where only warnings are shown."""
    logger.info("%s", words)
    print(f"» {words}", file=sys.stderr)


def add(app: Sphinx, exception: Exception | None) -> None:
    """Write what the cells and the notebooks need into the finished site."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pack(site / ARCHIVE, LEARNERS, f"{FOLDER}/", README)
    if app.config.book_pyodide is not None:
        build_python(site, app.config.book_pyodide)


def build_python(site: Path, python: Path) -> None:
    """Put Python into the site: for its cells, and for its notebooks."""
    live = site / "_static" / "live"
    pack(live / "book.zip", BOOK)
    add_editor(live)
    # Each takes seconds, and most of them in a process of its own.
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(snapshot.make, live, python, CACHE)
        build_lite(site, python)
        try:
            name = made.result()
        except snapshot.NotMade as reason:
            # No warning: the pages start Python as they would in an older browser.
            name = None
            say(f"Python starts in the pages without a snapshot of it: {reason}")
    snapshot.write_manifest(live, python, name)


def add_editor(live: Path) -> None:
    """Put the editor of the programs into the site; without it theirs is plain."""
    try:
        shutil.copy(editor.bundle(CACHE), live)
    except npm.NotToBeHad as reason:
        say(f"the programs have a plain editor; CodeMirror could not be had: {reason}")


def pack(target: Path, folders: tuple[str, ...], inside: str = "", *more: Path) -> None:
    """Write an archive of these folders; the same files give the same archive.

    In it, they are ``inside`` another folder, with ``more`` files at its top.
    """
    files = {file: file.relative_to(ROOT).as_posix() for file in sources(folders)}
    files |= {file: file.name for file in more}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, name in files.items():
            info = zipfile.ZipInfo(f"{inside}{name}", date_time=(2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())


def sources(folders: tuple[str, ...]) -> Iterator[Path]:
    """Yield these files, what runs in these folders, and the pages that it names."""
    for folder in folders:
        if (ROOT / folder).is_file():
            yield ROOT / folder
        for file in sorted((ROOT / folder).rglob("*")):
            inside = file.relative_to(ROOT).parts
            hidden = any(part.startswith((".", "__pycache")) for part in inside)
            if file.suffix in KINDS and not hidden:
                yield file
    # The checker names the page of a step, or a row of the pitfalls, and looks for it.
    for pattern in ("[0-9u]*.rst", "pitfalls.rst"):
        yield from sorted((ROOT / "docs").glob(pattern))


def lay_out(work: Path, python: Path) -> None:
    """Copy what JupyterLite is built from into a folder."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(LITE, work / "lite")
    shutil.copytree(python, work / "lite" / "static" / "pyodide")
    for folder in ("notebooks", *BOOK):
        for file in sources((folder,)):
            copy = work / "files" / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)


def build_lite(site: Path, python: Path) -> None:
    """Build JupyterLite, with all notebooks and what they import.

    Raises ExtensionError, with what it wrote, if that fails.
    """
    # Nothing of it changes with a page: only with what is in it, or makes it.
    made_of = [p for p in LITE.rglob("*") if p.is_file()]
    made_of += [*sources(("notebooks", *BOOK)), ROOT / "requirements.txt"]
    state = f"{python.name} {state_of_all(made_of)}"
    made = site / "lite" / ".made"
    if made.exists() and made.read_text(encoding="utf-8") == state:
        return
    made.unlink(missing_ok=True)
    work = ROOT / "build" / "lite"
    lay_out(work, python)
    options = {
        "--lite-dir": work / "lite",
        "--config": work / "lite" / "jupyter_lite_config.json",
        "--contents": work / "files",
        "--output-dir": site / "lite",
        "--apps": "lab",
        "--log-level": "ERROR",
    }
    words = [str(word) for pair in options.items() for word in pair]
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "lite", "build", *words],
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr or done.stdout  # it reports a failed task on stdout
        raise ExtensionError(f"JupyterLite could not be built:\n{said[-2000:]}")
    made.write_text(state, encoding="utf-8")
