"""Remembers what a run has shown, for as long as nothing that it may use has changed.

Whoever mends a sentence and builds the book again does not wait for its programs. They
run anew as soon as a file of theirs differs, or the Python, or the lock.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "cache" / "shown"
# Whatever a program of the book can import, read or start.
FOLDERS = ("steps", "lab", "docs/examples", "docs/_ext", "bench", "notebooks", "tests")
USED = ("requirements.txt", *FOLDERS)
MOST = 4  # states of the sources whose results are kept


def remembered(what: str, run: Callable[[], str]) -> str:
    """Return what a run gives, or gave when nothing was different; ``what`` names it.

    An exception of the run is not remembered: it is run again.
    """
    name = hashlib.sha256(what.encode()).hexdigest()
    file = PLACE / of_the_sources() / name
    try:
        return file.read_bytes().decode()
    except OSError:
        pass  # not yet
    shown = run()
    _keep(file, shown)
    return shown


@cache
def of_the_sources() -> str:
    """Return a name for the present state of all that a program can use."""
    state = hashlib.sha256(f"{sys.version} {sys.platform}".encode())
    for path in _files():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        state.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return state.hexdigest()[:16]


def _files() -> Iterator[Path]:
    hidden = {"__pycache__", "node_modules", ".ipynb_checkpoints"}
    for name in USED:
        place = ROOT / name
        for path in [place, *sorted(place.rglob("*"))]:
            if path.is_file() and not hidden & set(path.parts):
                yield path


def _keep(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as half:
            half.write(text.encode())
        os.replace(half.name, file)  # nobody ever sees half of it
        states = sorted(PLACE.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in states[:-MOST]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        pass  # the book does not need it: the next build only takes longer
