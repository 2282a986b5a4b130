"""A mistake in a step, kept as the lines that go and the lines that come.

The file is a diff that names places instead of line numbers, so it fits for as long as
its old lines are in that place, wherever the place is::

    Wrong on purpose: the room hears everything, the one who said it included.

    Twin of: server05
    Breaks: chat_reaches_everyone_else

    @@ Client.chat
    -            await send_to(ROOMS[room] - {self}, relay)
    +            await send_to(set(ROOMS[room]), relay)

After ``@@`` comes the function or class that holds the lines, or nothing for the whole
file. What comes before the first ``@@`` is the docstring of the assembled file.
"""

import atexit
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from lab import parsing
from lab.course import changes
from lab.story import ROOT, CannotDo, Step

MARK = "@@"
BUILT = ROOT / "build" / "broken"  # one place, so that a traceback names a real file


class DoesNotFit(CannotDo, LookupError):
    """A diff cannot be read, or not be applied; the text names file, line and place."""


@dataclass(frozen=True)
class Hunk:
    """What changes in one place: ``lines`` begin with a space, with ``-`` or ``+``.

    ``number`` is that of its first line in the file, the one with the place.
    """

    number: int
    place: str
    lines: tuple[str, ...]

    @property
    def old(self) -> list[str]:
        """The lines of the step."""
        return [line[1:] for line in self.lines if line[:1] != "+"]

    @property
    def new(self) -> list[str]:
        """The lines that take their place."""
        return [line[1:] for line in self.lines if line[:1] != "-"]


@dataclass(frozen=True)
class Diff:
    """A file of ``steps/broken/``: what is said of the mistake, and the mistake."""

    path: Path
    head: str
    hunks: tuple[Hunk, ...]

    @property
    def file(self) -> str:
        """The path as a reader of the repository would write it."""
        inside = self.path.is_relative_to(ROOT)
        return (self.path.relative_to(ROOT) if inside else self.path).as_posix()

    @property
    def text(self) -> str:
        """The hunks as they are in the file."""
        parts = [
            "\n".join([f"{MARK} {hunk.place}".rstrip(), *hunk.lines])
            for hunk in self.hunks
        ]
        return "\n\n".join(parts)

    def refused(self, number: int, expected: str, found: str) -> DoesNotFit:
        """Return the error that says what is wrong with a line of the file."""
        return DoesNotFit(
            f"{self.file}, line {number}: expected {expected}; found {found}"
        )


def read(path: Path) -> Diff:
    """Return the diff in a file; DoesNotFit for a line that is none of a diff."""
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, changed: int) -> Diff:
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    begins = [number for number, line in enumerate(lines) if line.startswith(MARK)]
    head = "\n".join(lines[: begins[0]] if begins else lines).strip("\n")
    hunks = []
    for first, last in pairwise([*begins, len(lines)]):
        body = lines[first + 1 : last]
        while body and not body[-1]:  # the lines between two hunks
            body.pop()
        place = lines[first].removeprefix(MARK).strip()
        hunks.append(Hunk(first + 1, place, tuple(body)))
    diff = Diff(path, head, tuple(hunks))
    _look_at(diff)
    return diff


def _look_at(diff: Diff) -> None:
    """Raise DoesNotFit unless each line has a mark, and each hunk an old line."""
    if not diff.hunks:
        raise diff.refused(1, f"a place after {MARK}, and what changes there", "none")
    for hunk in diff.hunks:
        for number, line in enumerate(hunk.lines, hunk.number + 1):
            if line[:1] not in ("", " ", "-", "+"):
                raise diff.refused(number, "a space, '-' or '+' first", repr(line))
        if not any(hunk.old):
            expected = "a line of the step, to say where the others belong"
            raise diff.refused(hunk.number, expected, "none")


def applied(diff: Diff, step: Step) -> str:
    """Return the text of a step with the head for a docstring and each hunk applied.

    Raises DoesNotFit unless all old lines are in their place exactly once.
    """
    text = _Text(step)
    found = [(text.first(diff, hunk), hunk) for hunk in diff.hunks]
    lines, end = text.lines, len(text.lines)
    # From below, so that the lines above stay where they are.
    for first, hunk in sorted(found, key=lambda pair: pair[0], reverse=True):
        if first + len(hunk.old) > end:
            raise diff.refused(hunk.number, "lines of its own", "those of another hunk")
        lines[first : first + len(hunk.old)] = hunk.new
        end = first
    return "\n".join([f'"""{diff.head}', '"""', *lines[text.docstring :]])


class _Text:
    """The lines of a step, and where its functions and classes are among them.

    ``docstring`` is how many lines the docstring takes; each step has one.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        text = step.path.read_text(encoding="utf-8-sig")
        self.lines = text.split("\n")
        self.docstring = parsing.parsed(text).body[0].end_lineno or 0
        self.places = {"": [(self.docstring, len(self.lines))]}
        for name, node in changes.names(text):
            span = node.lineno - 1, node.end_lineno or 0
            self.places.setdefault(name, []).append(span)

    def first(self, diff: Diff, hunk: Hunk) -> int:
        """Return the index of the line with which a hunk begins."""
        spans = self.places.get(hunk.place, [])
        if len(spans) != 1:
            expected = f"{self.step.name} to have one {hunk.place}"
            found = f"{len(spans) or 'none'}; name the place that has these lines now"
            raise diff.refused(hunk.number, expected, found)
        first, last = spans[0]
        size = len(hunk.old)
        starts = range(first, last - size + 1)
        fits = [n for n in starts if self.lines[n : n + size] == hunk.old]
        if len(fits) != 1:
            raise self._not_there(diff, hunk, self.lines[first:last], len(fits))
        return fits[0]

    def _not_there(
        self, diff: Diff, hunk: Hunk, place: list[str], times: int
    ) -> DoesNotFit:
        """Return the error that names the first old line that is not in the place."""
        numbered = enumerate(hunk.lines, hunk.number + 1)
        old = [(number, line[1:]) for number, line in numbered if line[:1] != "+"]
        gone = [(number, line) for number, line in old if line not in place]
        number, line = (gone or old)[0]
        where = f"{hunk.place or 'the file'} of {self.step.name}"
        expected = f"this once in {where}: {line.strip()!r}"
        found = f"it {times} times; write what the step has there now"
        return diff.refused(number, expected, found)


def assembled(diff: Diff, step: Step) -> Path:
    """Return a file that holds the step with the mistake; raises as ``applied`` does.

    It is in ``build/broken/``, or in a temporary folder where that cannot be written.
    """
    text = applied(diff, step)
    name = f"{diff.path.stem}.py"
    if sys.platform == "emscripten":
        # In a notebook build/ would be among the files that the browser keeps.
        return _written(_elsewhere(), name, text)
    try:
        return _written(BUILT, name, text)
    except OSError:
        return _written(_elsewhere(), name, text)


def _written(folder: Path, name: str, text: str) -> Path:
    """Write a file, unless it is there already; nobody ever sees half of it."""
    path, content = folder / name, text.encode()
    try:
        if path.read_bytes() == content:
            return path
    except OSError:
        pass  # it is not there, or another process has just removed it
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as half:
        half.write(content)
    try:
        os.replace(half.name, path)
    finally:
        Path(half.name).unlink(missing_ok=True)
    return path


@cache
def _elsewhere() -> Path:
    """Return a folder that is gone when Python ends."""
    folder = tempfile.mkdtemp(prefix="broken-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
