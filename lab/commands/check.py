"""``python -m lab check``: the checker's command line.

It prints the subject before it loads the checker, which takes a moment.
"""

import argparse
import math
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from lab import story
from lab.story import CannotDo, Step

STOPPED = "lab: stopped; nothing is left running"
USAGE = """\
python -m lab check STEP FILE.py
       python -m lab check STEP -- COMMAND {port}
       python -m lab check STEP --connect HOST:PORT"""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line; options and words may come in any order."""
    words, command = list(arguments), []
    if "--" in words:
        place = words.index("--")
        words, command = words[:place], words[place + 1 :]
    parser = argparse.ArgumentParser(prog="python -m lab check", usage=USAGE)
    parser.add_argument("number", metavar="STEP", help="such as 05")
    parser.add_argument("file", nargs="?", help="a Python file with main(host, port)")
    parser.add_argument("--connect", metavar="HOST:PORT", help="where it runs already")
    parser.add_argument("--step", action="store_true", help="what is new in STEP only")
    parser.add_argument("--only", metavar="NAME", default="", help="one behaviour")
    parser.add_argument(
        "--previous", action="store_true", help="up to the step before STEP"
    )
    parser.add_argument("--all", action="store_true", help="show every one in full")
    parser.add_argument(
        "--hint", action="store_true", help="show a hint for the first broken one"
    )
    parser.add_argument(
        "--start-within",
        type=_seconds,
        metavar="SECONDS",
        help="how long a server may take until it listens (10)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for a script")
    options = parser.parse_intermixed_args(words)
    options.command = command
    return options


def run(arguments: Sequence[str]) -> int:
    """Check a server and report; return 0 only if nothing is broken.

    And only if something was judged at all. CannotDo if there is nothing to check.
    """
    options = parsed(arguments)
    step = _step(options)
    given = [options.file, options.command, options.connect]
    if sum(map(bool, given)) != 1:
        raise CannotDo(f"name one server:\n       {USAGE}")
    if options.connect:
        options.connect = _address(options.connect)
    if options.file:
        options.file = _located(options.file)
        if not options.only:  # else it is looked for first
            story.own_server(Path(options.file))
    if options.command and not any("{port}" in word for word in options.command):
        raise CannotDo("the command has to contain {port}, once or more")
    if not options.json and not options.only:  # else it is quick, or for a script
        print(opening(options, step), flush=True)

    try:
        from lab.commands import checking  # not before the line is out
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    return checking.run(options, step)


def opening(options: argparse.Namespace, step: Step) -> str:
    """Return a line that says what is judged, and by which behaviours."""
    where = "{}:{}".format(*options.connect) if options.connect else ""
    words = [Path(word).name for word in options.command]  # without their folders
    command = textwrap.shorten(" ".join(words), 60, placeholder=" ...")
    what = where or command or Path(options.file).name
    new = f"what is new in step {step.number}"
    return f"Judging {what} by {new if options.step else f'steps 01 to {step.number}'}"


def _step(options: argparse.Namespace) -> Step:
    step = story.find(_located(options.number))
    if step.kind == "other":
        raise CannotDo("the step comes first: python -m lab check 05 mine.py")
    if step.kind != "server":
        raise CannotDo(f"{step.name} is not a server: there is nothing to check")
    if options.previous:
        return story.steps_of("server")[max(0, int(step.number) - 2)]
    return step


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    digits = port.isascii() and port.isdecimal()
    if not colon or not digits or int(port) > 65535:
        raise CannotDo(f"--connect takes HOST:PORT, not {text}")
    return host.strip("[]"), int(port)


def _located(name: str) -> str:
    """Return the file of a twin, which has to be assembled first, or else the name."""
    if not name.startswith("broken/"):
        return name
    from lab.mistakes import twins  # which few ask for

    return twins.located(name)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"seconds are a number above 0, not {text}")
    return seconds
