"""``python -m lab show``: the text of a wrong version, or what is wrong in it."""

import argparse
from typing import Any

from lab import story
from lab.course import changes
from lab.mistakes import twins
from lab.story import CannotDo


def add_to(commands: Any) -> None:
    """Add this command to the parser of the command line."""
    show = commands.add_parser("show", help="print a wrong version of a step")
    show.add_argument("step", help="broken/echoes, or a step such as 05")
    show.add_argument(
        "--diff", action="store_true", help="only what is wrong, and what is said of it"
    )
    show.set_defaults(action=show_step)


def show_step(options: argparse.Namespace) -> int:
    """Print the file; CannotDo if there is none, or no diff of it."""
    path = twins.located(options.step)
    if not options.diff:
        print(changes.source(story.find(path)), end="")
        return 0
    if path == options.step:
        solution = "python -m lab solution 05 shows what a step changed"
        raise CannotDo(f"--diff is for broken/NAME, not for {path}; {solution}")
    of = twins.find(story.find(path).name).diff
    print(of.head, of.text, sep="\n\n")
    return 0
