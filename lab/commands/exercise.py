"""``python -m lab story``, ``start`` and ``solution``: the course."""

import argparse
from pathlib import Path
from typing import Any

from lab import story
from lab.course import exercise


def add_to(commands: Any) -> None:
    """Add these commands to the parser of the command line."""
    tell = commands.add_parser("story", help="print the steps, a sentence each")
    tell.add_argument("--markdown", action="store_true", help="as the README's table")
    tell.set_defaults(action=print_story)

    begin = commands.add_parser("start", help="begin to build a step yourself")
    begin.add_argument("step", help="the step to build, such as 05")
    begin.add_argument("file", type=Path, help="where to put the step before it")
    begin.set_defaults(action=start_exercise)

    solve = commands.add_parser("solution", help="show what our own step changed")
    solve.add_argument("step", help="such as 05")
    solve.set_defaults(action=show_solution)


def print_story(options: argparse.Namespace) -> int:
    """Print the steps in their order, with what each adds and what it leaves."""
    if options.markdown:
        print(story.markdown())
        return 0
    for step in story.steps():
        print(f"{step.name}  {step.sentence}")
        print(f"{'':10}new: {step.new}")
        print(f"{'':10}still wrong: {step.wrong}")
    return 0


def start_exercise(options: argparse.Namespace) -> int:
    """Write the place to begin at; NoExercise if that cannot be done."""
    print(exercise.start(story.find(options.step), options.file))
    return 0


def show_solution(options: argparse.Namespace) -> int:
    """Print the difference between our own step and the one before it."""
    print(exercise.solution(story.find(options.step)))
    return 0
