"""What went wrong in the learner's own code: exceptions, and what was found.

An exception that nothing catches is written to stderr, by Python or by asyncio. In that
text the line of the learner's file is looked for that raised it: the behaviours that
are broken because of it are only symptoms.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lab.check import pages
from lab.check.shown import shortened

if TYPE_CHECKING:  # what finds them judges, and tells of causes itself
    from lab.check.findings import Finding

# What Python draws around the exceptions of a group.
_DRAWN = re.compile(r"^[ |+]*(\| |\+-[-+ \d]*)")
_FRAME = re.compile(r'\s+File "(.+)", line (\d+), in ')
_RAISED = re.compile(r"[A-Za-z_][\w.]*(:|$)")
_WARNED = re.compile(r"(.+):(\d+): RuntimeWarning: (coroutine '.+' was never awaited)")
_AS_ASKED = "KeyboardInterrupt"  # where a program ends so, that is its status


@dataclass(frozen=True)
class Cause:
    """A mistake in a line of the learner's code; ``pitfall`` is a row's anchor."""

    kind: Literal["raised", "found"]
    file: str
    line: int
    words: str
    pitfall: str = ""

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.file}:{self.line}"


def found(finding: "Finding") -> Cause:
    """Return what was found by running a file as a cause."""
    return Cause(
        "found", finding.file.name, finding.line, finding.words, finding.pitfall
    )


def once(causes: Iterable[Cause]) -> list[Cause]:
    """Return each once, findings first: they say what to do about the line."""
    every = sorted(dict.fromkeys(causes), key=lambda cause: cause.kind != "found")
    places: dict[str, Cause] = {}
    for cause in every:
        places.setdefault(cause.place, cause)
    return list(places.values())


def causes_in(text: str, is_own: Callable[[str], bool]) -> tuple[Cause, ...]:
    """Return what the text, which a program wrote to stderr, says of own code.

    ``is_own`` says of the name of a file whether the learner wrote it.
    """
    lines = [_DRAWN.sub("", line) for line in text.splitlines()]
    return tuple(once([*_warned(lines, is_own), *_raised(lines, is_own)]))


def _warned(lines: Iterable[str], is_own: Callable[[str], bool]) -> Iterator[Cause]:
    for line in lines:
        if (warned := _WARNED.match(line)) and is_own(warned[1]):
            words = f"{warned[3]}; await it"
            file = Path(warned[1]).name
            yield Cause("found", file, int(warned[2]), words, pages.about(words))


def _raised(lines: Iterable[str], is_own: Callable[[str], bool]) -> Iterator[Cause]:
    """Yield the exception of each traceback that comes through own code."""
    own: tuple[str, int] | None = None  # the innermost own line so far
    within = False  # a traceback
    for line in lines:
        if line.rstrip().endswith("Traceback (most recent call last):"):
            own, within = None, True
        elif within and (frame := _FRAME.match(line)):
            if is_own(frame[1]):
                own = frame[1], int(frame[2])
        elif within and _RAISED.match(line):  # not the line of the code, which is deep
            within = False
            grouped = "ExceptionGroup" in line.partition(":")[0]
            if own is not None and not grouped and not line.startswith(_AS_ASKED):
                file, number = own
                words = shortened(line.strip())
                name = Path(file).name
                yield Cause("raised", name, number, words, pages.about(line))
