"""``python -m lab versions``: how each Python ends what is stopped in which way.

``WAYS`` are the ways, in the order of the book. All of them are tried on every Python
that is there, with real processes and real signals. A book is built with one Python
only, so what came of it is kept in a file: ``save`` and ``kept``.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab import interpreters, stopping
from lab.interpreters import Found, Interpreter
from lab.notyet import NotYet
from lab.stopping import FAREWELL, MANY, Outcome, Way, stop
from lab.story import ROOT

KEPT = ROOT / "docs" / "versions.json"
JOBS = os.cpu_count() or 1  # servers at once: more start no faster

BEFORE, GOODBYE = "06", "07"  # the last step that says no goodbye, the first that does

# More may wait for a client than the steps allow: so much waits when they are stopped.
ROOM = (("MAX_BACKLOG", str(4 * MANY)),)

WAYS = (
    Way(BEFORE, stopping.nobody),
    Way(BEFORE, stopping.gone),
    Way(BEFORE, stopping.idle),
    Way(BEFORE, stopping.asleep, settings=ROOM),
    Way(BEFORE, stopping.idle, "SIGTERM"),
    Way("never_closes", stopping.gone),
    Way("closes_at_the_end", stopping.failed),
    Way("closes_and_waits", stopping.idle),
    Way("cancels_tasks", stopping.idle),
    Way("closes_every_writer", stopping.idle),
    Way("closes_every_writer", stopping.echoed),
    *(Way(GOODBYE, who, bound=FAREWELL) for who in (stopping.nobody, stopping.quiet)),
    Way(GOODBYE, stopping.quiet, "SIGTERM", bound=FAREWELL),
    Way(GOODBYE, stopping.talking, bound=FAREWELL),
    Way(GOODBYE, stopping.half_closed, bound=FAREWELL),
    Way(GOODBYE, stopping.half_a_frame, bound=FAREWELL),
    Way(GOODBYE, stopping.stays, bound=FAREWELL),
    Way(GOODBYE, stopping.asleep, bound=FAREWELL, settings=ROOM),
    Way(GOODBYE, stopping.half_closed_asleep, bound=FAREWELL, settings=ROOM),
)


class CannotTry(Exception):
    """A server could not be started or could not be stopped; the text says why."""


@dataclass
class Kept:
    """What is known: the outcome of each way on each Python, by its version.

    ``platforms`` says on which system a Python was tried, and ``missing`` which ones
    were looked for in vain, the last time.
    """

    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    platforms: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def add(self, python: Interpreter, way: Way, outcome: Outcome) -> None:
        """Note what came of one way on one Python."""
        self.outcomes.setdefault(python.version, {})[way.name] = outcome
        self.platforms[python.version] = f"{platform.system()} {platform.machine()}"

    @property
    def versions(self) -> list[str]:
        """The versions of Python, the oldest first."""
        return sorted(self.outcomes, key=interpreters.order)

    def as_json(self) -> str:
        """Return all of it, an outcome a line, so that a difference can be read."""
        parts = []
        for version in self.versions:
            lines = ",\n".join(
                f"   {json.dumps(name)}: {json.dumps(asdict(outcome))}"
                for name, outcome in self.outcomes[version].items()
            )
            where = json.dumps(self.platforms[version])
            parts.append(
                f'  "{version}": {{"platform": {where}, "ways": {{\n{lines}}}}}'
            )
        missing = json.dumps(self.missing)
        return f'{{"missing": {missing},\n "pythons": {{\n' + ",\n".join(parts) + "}}\n"


def kept(path: Path | None = None) -> Kept:
    """Return what the file says, KEPT if none is named; nothing where there is none."""
    path = path or KEPT
    if not path.is_file():
        return Kept()
    data = json.loads(path.read_text(encoding="utf-8"))
    known = Kept(missing=data["missing"])
    for version, python in data["pythons"].items():
        known.platforms[version] = python["platform"]
        known.outcomes[version] = {
            name: Outcome(**{**outcome, "saw": tuple(outcome["saw"])})
            for name, outcome in python["ways"].items()
        }
    return known


def merged(old: Kept, new: Kept) -> Kept:
    """Return the new outcomes, and the old ones of Pythons that are not here now."""
    names = {way.name for way in WAYS}
    others = {
        version: {n: o for n, o in ways.items() if n in names}
        for version, ways in old.outcomes.items()
    }
    outcomes = {**others, **new.outcomes}
    minors = {version.rpartition(".")[0] for version in outcomes}
    missing = [version for version in new.missing if version not in minors]
    return Kept(outcomes, {**old.platforms, **new.platforms}, missing)


async def tried(
    ways: Sequence[Way], pythons: Sequence[Interpreter], jobs: int = JOBS
) -> AsyncGenerator[tuple[Way, Interpreter, Outcome], None]:
    """Try all ways on all Pythons, so many at a time, and yield each in its order.

    CannotTry if a server could not be started or be brought so far. To be taken in an
    ``aclosing``: then nothing is left running, also where this is given up.
    """
    places = asyncio.Semaphore(jobs)

    async def one(way: Way, python: Interpreter) -> Outcome:
        async with places:
            return await stop(way, python.command)

    pairs = [(way, python) for way in ways for python in pythons]
    tasks = [asyncio.create_task(one(*pair)) for pair in pairs]
    try:
        for (way, python), task in zip(pairs, tasks, strict=True):
            try:
                yield way, python, await task
            except (OSError, TimeoutError, NotYet) as error:
                what = f"{way.program} on Python {python.version}"
                raise CannotTry(f"{what} could not be tried: {error}") from error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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
        help=f"keep what came of it in {KEPT.relative_to(ROOT).as_posix()}",
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
        KEPT.write_text(merged(kept(), known).as_json(), encoding="utf-8")
    return 0


async def report(found: Found, *, quiet: bool) -> Kept:
    """Try every way on these Pythons, print what comes of each, and return all."""
    known = Kept(missing=[])
    above = None
    async with aclosing(tried(WAYS, found.interpreters)) as outcomes:
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
    ways = [way for way in WAYS if way.program == program]
    if not ways:
        raise LookupError(f"lab/versions.py knows no way to stop {program!r}")
    print("Python", platform.python_version())
    this = Interpreter(sys.executable, platform.python_version(), sys.version_info[1])

    async def each() -> None:
        async with aclosing(tried(ways, [this])) as outcomes:
            async for way, _, outcome in outcomes:
                print(f"{way.key} with {way.company}")
                print(f"  {outcome.words()}{saw(outcome)}")

    asyncio.run(each())


def saw(outcome: Outcome) -> str:
    """Return what the clients saw, as the end of a line; nothing without clients."""
    return f"; the clients saw: {outcome.seen()}" if outcome.saw else ""
