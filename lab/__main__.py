"""The command line: ``python -m lab`` says what it can do."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from lab.story import CannotDo

EPILOG = """\
  python -m lab story                  the steps, a sentence each
  python -m lab run 05                 start step 05 where the clients expect it
  python -m lab run 05 --port 0        the same on a free port, which it prints
  python -m lab play 05                chat as three people in a terminal, break things
  python -m lab start 05 mine.py       begin to build step 05 yourself
  python -m lab check 05 mine.py       see how far your server is
  python -m lab check 05 -- node mine.js {port}     the same in any language
  python -m lab check 05 --connect localhost:9011   a server that runs already
  python -m lab solution 05            what our step 05 changed
  python -m lab search 05 --seeds 1000 let random crowds loose on it, in a simulation
  python -m lab show broken/echoes     a step with a mistake in it; --diff: only that
  python -m lab versions               how each installed Python ends each program
  python -m lab read                   serve the built book here, and open it
"""

# The commands with a parser of their own.
ALONE = {
    "check": "see how far a server is, yours or anybody's",
    "search": "look for trouble: random crowds, seed by seed",
    "versions": "see how each Python here ends a server",
    "read": "serve the built book on this machine, and open it",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    if sys.stdout is not None:  # closed by whoever started us, as daemons often are
        # Whoever watches through a pipe wants to see each line when it is printed.
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    words = sys.argv[1:] if arguments is None else list(arguments)
    if sys.stdout is not None and words[:1] != ["run"]:  # what a step prints is its own
        # The name of a file may have letters for which this output has no bytes.
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _done(words)
    except CannotDo as refusal:
        print(f"lab: {refusal}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0  # the reader has seen enough
    finally:
        _drop_what_cannot_be_printed()


def _drop_what_cannot_be_printed() -> None:
    """Leave nothing behind for Python to flush at its end, if that would fail.

    Python would complain of it once more, and turn the exit status into 120.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:  # its reader has gone, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _done(words: Sequence[str]) -> int:
    status: int
    # They have parsers of their own: in the one below a file cannot follow an option.
    if words[:1] and words[0] in ALONE:
        status = _command(words[0]).run(words[1:])
        return status
    options = parser(*words[:1]).parse_args(words)
    status = options.action(options)
    return status


def _command(name: str) -> Any:
    """Import a command; the others may need a lot that it does not."""
    return importlib.import_module(f"lab.commands.{name}")


def parser(first: str = "") -> argparse.ArgumentParser:
    """Return the parser of the command line; only its own part if ``first`` is run."""
    top = argparse.ArgumentParser(
        prog="python -m lab",
        description="The instruments of the book.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(action=lambda _: print(top.format_help()) or 0)
    commands = top.add_subparsers(title="commands", metavar="")
    for name in ("run",) if first == "run" else ("run", "play", "exercise", "show"):
        _command(name).add_to(commands)
    for name, sentence in ALONE.items():
        commands.add_parser(name, help=sentence)
    return top


if __name__ == "__main__":
    sys.exit(main())
