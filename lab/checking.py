"""``python -m lab check``: the checker's command line and its report."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from lab import check, story
from lab.behaviours import Behaviour
from lab.check import Address, CannotStart, Command, PythonFile, Result, Subject
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
    parser.add_argument("--json", action="store_true", help="print JSON, for a script")
    options = parser.parse_intermixed_args(words)
    options.command = command
    return options


def run(arguments: Sequence[str]) -> int:
    """Check a server and report; return 0 only if every behaviour is kept.

    CannotStart if there is nothing to check.
    """
    options = parsed(arguments)
    step = story.find(options.number)
    if step.kind != "server":
        raise CannotStart(f"{step.name} is no server: there is nothing to check")
    if options.previous:
        step = story.steps_of("server")[max(0, int(step.number) - 2)]
    try:
        candidates = check.wanted(step, only=options.only, alone=options.step)
    except LookupError as error:
        raise CannotStart(error.args[0]) from error
    results = asyncio.run(report(subject(options), candidates, quiet=options.json))
    if options.json:
        print(json.dumps(check.as_json(step, results), indent=2))
    else:
        partial = options.step or options.only
        print(counted(results) + ("" if partial else how_far(step, results)))
    return 1 if any(result.verdict == "broken" for result in results) else 0


def subject(options: argparse.Namespace) -> Subject:
    """Return what is to be checked; CannotStart unless it is exactly one thing."""
    given = [options.file, options.command, options.connect]
    if sum(map(bool, given)) != 1:
        raise CannotStart(f"one server is to be named:\n       {USAGE}")
    if options.command:
        return Command(options.command)
    if options.file:
        return PythonFile(Path(options.file))
    host, colon, port = options.connect.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise CannotStart(f"--connect takes HOST:PORT, not {options.connect}")
    return Address(host.strip("[]"), int(port))


async def report(
    server: Subject, candidates: Sequence[Behaviour], *, quiet: bool
) -> list[Result]:
    """Put the server to the behaviours, and print each result as it comes."""
    results: list[Result] = []
    async for result in check.check(server, candidates):
        results.append(result)
        if not quiet:
            print("\n".join(check.lines(result)), flush=True)
    return results


def counted(results: list[Result]) -> str:
    """Return how many there are of each verdict."""
    verdicts = ("kept", "broken", "not judged")
    counts = [(sum(r.verdict == v for r in results), v) for v in verdicts]
    return "\n" + ", ".join(f"{number} {what}" for number, what in counts if number)


def how_far(step: Step, results: list[Result]) -> str:
    """Return how far up the stairs the server is, as the end of the last line."""
    reached = check.reached(step, results)
    words = f"as far as {reached}" if reached else "not yet at the first step"
    last = f". The server is {words}; the goal was {step.name}."
    if reached != step.name:
        last += "\nWhat many people stumble over: docs/pitfalls.rst"
    return last
