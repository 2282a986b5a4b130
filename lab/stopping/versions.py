"""How each Python ends what is stopped in which way.

``WAYS`` are the ways, in the order of the book. All of them are tried on every Python
that is there, with real processes and real signals. A book is built with one Python
only, so what came of it is kept in a file: ``kept``.
"""

import asyncio
import json
import os
import platform
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.stopping import interpreters, visitors
from lab.stopping.interpreters import Interpreter
from lab.stopping.visitors import MANY
from lab.stopping.ways import FAREWELL, Outcome, Scenario, stop
from lab.story import ROOT, CannotDo
from lab.unmet import Unmet

KEPT = ROOT / "docs" / "_data" / "versions.json"
JOBS = os.cpu_count() or 1  # servers at once: more start no faster
BEFORE, GOODBYE = "06", "07"  # the last step that says no goodbye, the first that does

# More may wait for a client than the steps allow: so much waits when they are stopped.
ROOM = (("MAX_UNSENT", str(4 * MANY)),)
WAYS = (
    Scenario(BEFORE, visitors.nobody),
    Scenario(BEFORE, visitors.gone),
    Scenario(BEFORE, visitors.idle),
    Scenario(BEFORE, visitors.asleep, settings=ROOM),
    Scenario(BEFORE, visitors.idle, "SIGTERM"),
    Scenario("s07_goodbye/never_closes", visitors.gone),
    Scenario("s02_answering/closes_at_the_end", visitors.failed),
    Scenario("s07_goodbye/closes_and_waits", visitors.idle),
    Scenario("s07_goodbye/cancels_tasks", visitors.idle),
    Scenario("s07_goodbye/closes_every_writer", visitors.idle),
    Scenario("s07_goodbye/closes_every_writer", visitors.echoed),
    *(
        Scenario(GOODBYE, who, bound=FAREWELL)
        for who in (visitors.nobody, visitors.quiet)
    ),
    Scenario(GOODBYE, visitors.quiet, "SIGTERM", bound=FAREWELL),
    Scenario(GOODBYE, visitors.talking, bound=FAREWELL),
    Scenario(GOODBYE, visitors.half_closed, bound=FAREWELL),
    Scenario(GOODBYE, visitors.half_a_frame, bound=FAREWELL),
    Scenario(GOODBYE, visitors.stays, bound=FAREWELL),
    Scenario(GOODBYE, visitors.asleep, bound=FAREWELL, settings=ROOM),
    Scenario(GOODBYE, visitors.half_closed_asleep, bound=FAREWELL, settings=ROOM),
)


class CannotTry(CannotDo):
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

    def add(self, python: Interpreter, way: Scenario, outcome: Outcome) -> None:
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
    ways: Sequence[Scenario], pythons: Sequence[Interpreter], jobs: int = JOBS
) -> AsyncGenerator[tuple[Scenario, Interpreter, Outcome], None]:
    """Try all ways on all Pythons, so many at a time, and yield each in its order.

    CannotTry if a server could not be started or be brought so far. To be taken in an
    ``aclosing``: then nothing is left running, also where this is given up.
    """
    places = asyncio.Semaphore(jobs)

    async def one(way: Scenario, python: Interpreter) -> Outcome:
        async with places:
            return await stop(way, python.command)

    pairs = [(way, python) for way in ways for python in pythons]
    tasks = [asyncio.create_task(one(*pair)) for pair in pairs]
    try:
        for (way, python), task in zip(pairs, tasks, strict=True):
            try:
                yield way, python, await task
            except (OSError, TimeoutError, Unmet) as error:
                what = f"{way.program} on Python {python.version}"
                raise CannotTry(f"{what} could not be tried: {error}") from error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
