"""The tempting wrong versions in ``steps/broken/``, and what each of them breaks."""

import ast
import re
from dataclasses import dataclass

from lab import parsing, story
from lab.story import STEPS, Step

BROKEN = STEPS / "broken"

_FORM = re.compile(
    r"Wrong on purpose: (?P<sentence>.+?)\n\n"
    r"Twin of: (?P<of>\w+)\nBreaks: (?P<breaks>\w+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Twin:
    """A step with one mistake in it, named for the mistake.

    ``breaks`` is the one behaviour of the step ``of`` that it has not.
    """

    step: Step
    sentence: str
    of: Step
    breaks: str


def twins() -> list[Twin]:
    """Return all of them; ValueError for a file whose docstring has another form."""
    found = []
    for path in sorted(BROKEN.glob("*.py")):
        text = ast.get_docstring(parsing.tree(path)) or ""
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError(f"{path.name}: the docstring has not the form of a twin")
        step = Step(path)
        found.append(
            Twin(step, form["sentence"], story.find(form["of"]), form["breaks"])
        )
    return found
