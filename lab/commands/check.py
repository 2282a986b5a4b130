"""``python -m lab check``: the checker's command line and its report."""

import argparse
import asyncio
import json
import math
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import check, story
from lab.behaviours import Behaviour
from lab.check import Address, CannotStart, Command, PythonFile, Report, Result, Subject
from lab.check import leftovers
from lab.check.report import lines
from lab.check.subjects import START
from lab.mistakes import twins
from lab.story import Step

USAGE = """\
python -m lab check STEP FILE.py
       python -m lab check STEP -- COMMAND {port}
       python -m lab check STEP --connect HOST:PORT"""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says; options and words may come in any order."""
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
    parser.add_argument(
        "--start-within",
        type=_seconds,
        default=START,
        metavar="SECONDS",
        help=f"how long a server may take until it listens ({START:g})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for a script")
    options = parser.parse_intermixed_args(words)
    options.command = command
    return options


def run(arguments: Sequence[str]) -> int:
    """Check a server and report; return 0 only if nothing is broken.

    And only if something was judged at all. CannotStart if there is nothing to check.
    """
    options = parsed(arguments)
    step = story.find(twins.located(options.number))
    if step.kind == "other":
        raise CannotStart("the step comes first: python -m lab check 05 mine.py")
    if step.kind != "server":
        raise CannotStart(f"{step.name} is no server: there is nothing to check")
    if options.previous:
        step = story.steps_of("server")[max(0, int(step.number) - 2)]
    try:
        candidates = check.wanted(step, only=options.only, alone=options.step)
    except LookupError as error:
        raise CannotStart(error.args[0]) from error
    try:
        server = subject(options)
        for line in server.beside():
            print(f"lab: {line}", file=sys.stderr)
        with leftovers.reaping():
            reporting = report(server, candidates, step, quiet=options.json)
            results = asyncio.run(reporting)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("lab: stopped; nothing is left running", file=sys.stderr)
        return 130
    for port in leftovers.still_open:
        words = "is still open: what was started is out of reach; end it yourself"
        print(f"lab: port {port} {words}", file=sys.stderr)
    whole = Report(step, results, partial=bool(options.step or options.only))
    print(
        json.dumps(whole.as_json(), indent=2)
        if options.json
        else f"\n{whole.summary()}"
    )
    return 0 if whole.kept else 1


def subject(options: argparse.Namespace) -> Subject:
    """Return what is to be checked; CannotStart unless it is exactly one thing."""
    given = [options.file, options.command, options.connect]
    if sum(map(bool, given)) != 1:
        raise CannotStart(f"one server is to be named:\n       {USAGE}")
    if options.command:
        return Command(options.command, options.start_within)
    if options.file:
        return PythonFile(Path(twins.located(options.file)), options.start_within)
    host, colon, port = options.connect.rpartition(":")
    digits = port.isascii() and port.isdecimal()
    if not colon or not digits or int(port) > 65535:
        raise CannotStart(f"--connect takes HOST:PORT, not {options.connect}")
    return Address(host.strip("[]"), int(port), options.start_within)


async def report(
    server: Subject, candidates: Sequence[Behaviour], step: Step, *, quiet: bool
) -> list[Result]:
    """Put the server to the behaviours, and print each result as it comes."""
    end_at_a_signal()
    results: list[Result] = []
    async for result in check.check(server, candidates, step):
        results.append(result)
        if not quiet:
            print("\n".join(lines(result)), flush=True)
    return results


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"seconds are a number above 0, not {text}")
    return seconds


def end_at_a_signal() -> None:
    """Let SIGTERM and SIGHUP end the check as Ctrl-C does, the server with it."""
    task = asyncio.current_task()
    assert task is not None, "called from a coroutine"
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has one of them
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        try:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        except (NotImplementedError, RuntimeError, ValueError):
            pass  # not on this loop, or not in this thread
