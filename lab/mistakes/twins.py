"""The wrong versions in ``steps/broken/``, each a diff against its step.

A *twin* breaks one behaviour, for which it was written. A *planted mistake* breaks
something that most kinds of test do not see.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import story
from lab.mistakes import diff
from lab.mistakes.diff import Diff
from lab.story import STEPS, NoSuchStep, Step

BROKEN = STEPS / "broken"

_FORM = re.compile(
    r"Wrong on purpose: (?P<sentence>.+?)\n\n"
    r"Twin of: (?P<of>\w+)\n"
    r"(?:Breaks: (?P<breaks>\w+)\nCause: (?P<cause>.+?)\nRepair: (?P<repair>.+)"
    r"|Slips through: (?P<slips_through>[\w, ]+))",
    re.DOTALL,
)


@dataclass(frozen=True)
class Twin:
    """A step with one mistake in it, named for the mistake.

    ``breaks`` is the one behaviour of the step ``of`` that it has not; ``cause`` and
    ``repair`` are a sentence each. A planted mistake has none of the three:
    ``slips_through`` names the kinds of test that do not see it.
    """

    diff: Diff
    of: Step
    sentence: str
    breaks: str
    cause: str
    repair: str
    slips_through: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the diff and of the assembled file, such as ``echoes``."""
        return self.diff.path.stem

    @property
    def step(self) -> Step:
        """The assembled file; DoesNotFit if the step has changed where it is wrong.

        It is assembled when it is asked for: a mistake that does not fit any more
        leaves the others as they are.
        """
        return Step(diff.assembled(self.diff, self.of))


def twins() -> list[Twin]:
    """Return those that break a behaviour; ValueError for a head of another form."""
    return [twin for twin in _all() if twin.breaks]


def mistakes() -> list[Twin]:
    """Return the planted mistakes; ValueError for a head of another form."""
    return [twin for twin in _all() if not twin.breaks]


def find(name: str) -> Twin:
    """Return the twin or the planted mistake of that name.

    Raises NoSuchStep, with the names that there are.
    """
    known = {twin.name: twin for twin in _all()}
    if name not in known:
        raise NoSuchStep(f"there is no twin {name!r}; there are {', '.join(known)}")
    return known[name]


def located(name: str) -> str:
    """Return the assembled file of ``broken/echoes``; any other name as it is.

    Raises NoSuchStep as ``find`` does.
    """
    path = Path(name)
    if path.parent.name != BROKEN.name or path.suffix not in ("", ".diff"):
        return name
    return str(find(path.stem).step.path)


def _all() -> list[Twin]:
    return [_twin(diff.read(path)) for path in sorted(BROKEN.glob("*.diff"))]


@cache
def _twin(of: Diff) -> Twin:
    form = _FORM.fullmatch(of.head)
    if form is None:
        words = "'Wrong on purpose', 'Twin of', and 'Breaks', 'Cause' and 'Repair'"
        found = of.head.partition("\n")[0]
        expected = f"a head that says {words} or 'Slips through'"
        raise ValueError(f"{of.file}: expected {expected}; found {found!r} ...")
    said = {name: " ".join(text.split()) for name, text in form.groupdict("").items()}
    slips = tuple(said.pop("slips_through").split(", "))
    step = story.find(said.pop("of"))
    return Twin(of, step, **said, slips_through=slips if slips != ("",) else ())
