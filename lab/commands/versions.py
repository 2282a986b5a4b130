"""``python -m lab versions``: how each Python ends what is stopped in which way."""

import argparse
import asyncio
import platform
import sys
from collections.abc import Sequence
from contextlib import aclosing

from lab.stopping import interpreters, versions
from lab.stopping.interpreters import Found, Interpreter
from lab.stopping.versions import CannotTry, Kept, kept, merged, tried
from lab.stopping.ways import Outcome


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m lab versions")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="FILE",
        help="a Python to try as well; may be given more than once",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for a script")
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep what came of it in the file that the book shows",
    )
    return parser.parse_args(arguments)


def run(arguments: Sequence[str]) -> int:
    """Try everything and report; return 0 whatever came of it, for it is a fact.

    CannotTry where there is nothing to try it on, or a server could not be started.
    """
    options = parsed(arguments)
    if sys.platform == "win32":
        raise CannotTry("on Windows no process can press Ctrl-C for another one")
    found = interpreters.find(options.python)
    try:
        known = asyncio.run(report(found, quiet=options.json))
    except KeyboardInterrupt:
        print("lab: stopped; nothing is left running", file=sys.stderr)
        return 130
    if options.json:
        print(known.as_json(), end="")
    if options.save:
        versions.KEPT.write_text(merged(kept(), known).as_json(), encoding="utf-8")
    return 0


async def report(found: Found, *, quiet: bool) -> Kept:
    """Try every way on these Pythons, print what comes of each, and return all."""
    known = Kept(missing=[])
    above = None
    async with aclosing(tried(versions.WAYS, found.interpreters)) as outcomes:
        async for way, python, outcome in outcomes:
            known.add(python, way, outcome)
            if quiet:
                continue
            if way != above:
                print(f"{'' if above is None else chr(10)}{way.sentence}")
                above = way
            print(f"  {python.version:8} {outcome.words()}{saw(outcome)}")
    known.missing = found.missing
    if found.missing and not quiet:
        print(f"\nLooked for, and not found: {', '.join(found.missing)}")
    return known


def show(program: str) -> None:
    """Try all ways of one program on the Python that runs, and print what comes of it.

    LookupError if there is none of that name.
    """
    ways = [way for way in versions.WAYS if way.program == program]
    if not ways:
        raise LookupError(f"lab/stopping/versions.py knows no way to stop {program!r}")
    print("Python", platform.python_version())
    this = Interpreter(sys.executable, platform.python_version(), sys.version_info[1])

    async def each() -> None:
        async with aclosing(tried(ways, [this])) as outcomes:
            async for way, _, outcome in outcomes:
                print(f"{way.key} with {way.clients}")
                print(f"  {outcome.words()}{saw(outcome)}")

    asyncio.run(each())


def saw(outcome: Outcome) -> str:
    """Return what the clients saw, as the end of a line; nothing without clients."""
    return f"; the clients saw: {outcome.seen()}" if outcome.saw else ""
