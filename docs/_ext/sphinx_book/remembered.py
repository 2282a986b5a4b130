"""Remembers what a run has shown, for as long as nothing that it read has changed.

Whoever mends a sentence and builds the book again does not wait for its programs. What
a program reads is noted while it runs (see ``reads/sitecustomize.py``): its own file,
what it imports, steps that it starts as processes, data. It runs again as soon as one
of these differs, or the Python, or the lock.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLACE = ROOT / "build" / "cache" / "shown"
READS = Path(__file__).parents[1] / "reads"


@dataclass(frozen=True)
class Shown:
    """What a run has printed, and what it read: the state of each file and folder."""

    text: str
    read: dict[str, str]

    @property
    def files(self) -> Iterator[Path]:
        """The files that it read."""
        return (ROOT / name for name in self.read if (ROOT / name).is_file())

    def holds(self) -> bool:
        """Whether all that it read is as it was then."""
        return all(state(ROOT / name) == was for name, was in self.read.items())


def remembered(what: str, run: Callable[[dict[str, str]], str]) -> Shown:
    """Return what a run shows, or showed when it read the same; ``what`` names it.

    ``run`` gets the variables that make a Python process note what it reads. An
    exception of the run is not remembered: it is run again.
    """
    shown = recall(what)
    if shown is not None:
        return shown
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "reads"
        text = run({"BOOK_READS": str(record), "PYTHONPATH": str(READS)})
        names = set(record.read_text("utf-8").split("\n")) if record.exists() else set()
    shown = Shown(text, {name: state(ROOT / name) for name in names if name})
    if shown.read:  # else nobody could tell when it has to be run again
        _keep(_file(what), shown)
    return shown


def recall(what: str) -> Shown | None:
    """Return what a run has shown, if it would show the same now."""
    file = _file(what)
    try:
        shown = Shown(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None  # not yet, or by another version of this module
    return shown if shown.holds() else None


def state(path: Path) -> str:
    """Return a name for what a file holds, or for which files a folder has."""
    try:
        about = path.stat()
    except OSError:
        return "gone"
    return _state(path, about.st_mtime_ns, about.st_size)


@cache
def _state(path: Path, *_: int) -> str:
    if path.is_dir():
        names = [n for n in os.listdir(path) if not n.startswith((".", "__pycache__"))]
        content = "\n".join(sorted(set(names) - {"build"})).encode()
    else:
        content = path.read_bytes()
    return hashlib.sha256(content).hexdigest()


def state_of_all(paths: Iterable[Path]) -> str:
    """Return a name for what all these files hold."""
    parts = [f"{path} {state(path)}" for path in sorted(paths)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _file(what: str) -> Path:
    """Return where it is kept what a run shows with this Python and these packages."""
    parts = (what, sys.version, sys.platform, state(ROOT / "requirements.txt"))
    return PLACE / hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _keep(file: Path, shown: Shown) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as half:
            half.write(json.dumps(vars(shown)).encode())
        os.replace(half.name, file)  # nobody ever sees half of it
    except OSError:
        pass  # the book does not need it: the next build only takes longer
