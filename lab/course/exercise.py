"""The exercise of each chapter: the step before to begin with, ours as a solution."""

import shlex
import textwrap
from pathlib import Path

from lab import story
from lab.course import changes
from lab.story import CannotDo, Step


class NoExercise(CannotDo):
    """There is no exercise for this step, or nowhere to put it; the text says why."""


def start(step: Step, path: Path) -> str:
    """Write the place to begin at for building a step, and return what to do next.

    That is the step before, with what is to be done as its docstring. Raises
    NoExercise if the file exists already, if its folder does not, if it is not to be a
    Python file, or if there is no step before.
    """
    earlier = before(step)
    if path.suffix != ".py":
        raise NoExercise(f"{path} is to be a Python file: let its name end in .py")
    text = beginning(step)
    try:
        with path.open("x", encoding="utf-8") as begun:
            begun.write(text)
    except FileExistsError as error:
        raise NoExercise(
            f"{path} exists already, and is left as it is; take another name"
        ) from error
    except OSError as error:
        raise NoExercise(f"{path} cannot be written: {error.strerror}") from error
    file = shlex.quote(str(path))
    return (
        f"{path} is {earlier.name}. What it still gets wrong: {earlier.wrong}\n"
        f"Build this: {step.sentence}\n"
        f"Start it: python -m lab run {file} (it also finds the modules in steps/)\n"
        f"See how far you are: python -m lab check {step.number} {file}"
    )


def beginning(step: Step) -> str:
    """Return the step before, with what is to be done as its docstring.

    NoExercise if there is no step before.
    """
    earlier = before(step)
    code = changes.source(earlier).split('"""', 2)[2]
    task = textwrap.fill(f"To do: {step.new}", 88, subsequent_indent="    ")
    return f'"""{step.sentence}\n\n{task}\nStill wrong: {earlier.wrong}\n"""{code}'


def solution(step: Step) -> str:
    """Return what our own step changed, as a diff; NoExercise for the first step."""
    earlier = before(step)
    lines = changes.diff(changes.source(earlier), changes.source(step))
    size = changes.count(changes.source(earlier), changes.source(step))
    return "\n".join([f"{earlier.name} to {step.name}: {size} changed lines", *lines])


def before(step: Step) -> Step:
    """Return the server step before; NoExercise if this is none, or the first."""
    earlier = changes.before(step) if step in story.steps() else None
    if step.kind != "server" or earlier is None:
        raise NoExercise(f"{step.name} builds on no other server step")
    return earlier
