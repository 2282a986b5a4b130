"""``python -m lab play``: the chat with three people in a terminal."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from lab.commands import limits
from lab.host import load, set_constant
from lab.story import CannotDo, Step

INSTEAD = (
    "play needs a terminal; use the chat in the book (make learn), or start "
    "python -m lab run 05 and python steps/client01.py alice"
)
INSTALL = (
    "play needs prompt_toolkit: make play has it, or in an environment of yours, "
    "python -m pip install prompt_toolkit"
)


class CannotPlay(CannotDo):
    """The chat cannot be shown here; the text says why, and what would help."""


def add_to(commands: Any) -> None:
    """Add this command to the parser of the command line."""
    play = commands.add_parser("play", help="chat with three people, and break things")
    play.add_argument(
        "step", nargs="?", default="05", help="05 (if you name none) or a later step"
    )
    play.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change an upper-case constant of the step for this chat",
    )
    play.set_defaults(action=play_step)


def play_step(options: argparse.Namespace) -> int:
    """Show the chat until somebody quits; CannotPlay if that is not possible."""
    from lab.play.session import Session, playable  # nobody else needs them

    step = playable(options.step)
    settings = _settings(step, options.set)
    if not _in_a_terminal():
        raise CannotPlay(INSTEAD)
    try:
        from lab.play import terminal
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "prompt_toolkit":
            raise
        raise CannotPlay(INSTALL) from error
    try:
        session = Session(step.name, settings)
    except (ValueError, OSError) as error:
        raise CannotPlay(str(error)) from error
    terminal.run(session)
    return 0


def _in_a_terminal() -> bool:
    both = all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)
    )
    return both and os.environ.get("TERM") != "dumb"


def _settings(step: Step, words: Sequence[str]) -> dict[str, str]:
    """Return the settings; CannotPlay for one that the step does not take."""
    if wrong := [setting for setting in words if "=" not in setting]:
        raise CannotPlay(f"--set takes NAME=VALUE, not {wrong[0]}")
    settings = dict(word.split("=", 1) for word in words)
    if not settings:
        return {}
    module = load(step)
    try:
        for name, value in settings.items():
            old = getattr(module, name, None)
            set_constant(module, name, value)
            limits.look_at(module, name, old)
    except ValueError as error:
        raise CannotPlay(str(error)) from error
    return settings
