"""The checker in the simulation: for a Python file, and in virtual time.

It runs in this process, so a file that never waits blocks the caller. A page
has no other way. The checker runs it in another process, which reports results as
they come, one line of JSON each::

    python -m lab.check.simulated FILE BEHAVIOUR ...
"""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab import behaviours, simulation
from lab.behaviours import NEEDS, Behaviour
from lab.behaviours.framing_bench import Framing
from lab.check.causes import Cause, found
from lab.check.findings import look_for_swallowed, watching
from lab.check.judging import wanted
from lab.check.networks import judged_on_networks
from lab.check.program import CannotStart
from lab.check.report import Report, Result
from lab.check.subjects import PythonFile, Subject
from lab.host import Running, settings_of
from lab.host.starting import place
from lab.network import ChosenPort
from lab.simulation import lacking
from lab.simulation.program import InSimulation
from lab.story import Step

# Seconds of a clock that runs as fast as it can: the longest behaviour takes an hour.
MAX_SECONDS = 7200.0


def check_in_simulation(path: Path, step: Step) -> Report:
    """Test a Python file by all behaviours up to a step, and return the report.

    CannotStart if it is not a Python file with a ``main(host, port)``, or cannot be
    started.
    """
    results: list[Result] = []
    mistakes: list[Cause] = []
    judge_file(path, wanted(step), results.append, mistakes.append)
    return Report(step, results, partial=False, found=mistakes)


def judge_file(
    path: Path,
    candidates: Sequence[Behaviour],
    tell: Callable[[Result], None],
    tell_found: Callable[[Cause], None],
    judged: Callable[[], None] = lambda: None,
) -> None:
    """Test a Python file by behaviours, and look for mistakes while it runs.

    Both are told as soon as they are known; ``judged`` is called when only swallowed
    cancellations are left to look for. CannotStart as above.
    """
    kept = True

    def told(result: Result) -> None:
        nonlocal kept
        kept = kept and result.verdict != "broken"
        tell(result)

    with watching(path, lambda finding: tell_found(found(finding))) as mistakes:
        subject = Simulated(path)
        simulation.run(_can_start(subject))
        for behaviour in candidates:
            told(judged_on_networks(subject, behaviour))
        judged()
        if kept and not mistakes:
            look_for_swallowed(subject, candidates)


class Simulated(Subject):
    """A Python file that is started in the simulation."""

    has = frozenset(NEEDS)
    settable = True
    most = MAX_SECONDS

    def __init__(self, path: Path) -> None:
        self.file = PythonFile(path)

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Start the file in the loop that runs; CannotStart if it fails at once."""
        step = Step(self.file.path)
        try:
            running = InSimulation(step, settings_of(step, settings or {}))
        except Exception as error:  # whatever the file does while it is imported
            raise CannotStart(place(error, step.path)) from error
        try:
            await running.begin(ChosenPort(0))
        except TimeoutError as error:
            await running.stop()
            words = "it did not print that it listens: Listening on 127.0.0.1:9011"
            raise CannotStart(words) from error
        except Exception as error:  # whatever its main does
            await running.stop()
            if not running.main.cancelled() and running.main.exception() is None:
                raise CannotStart("it ended before it listened") from error
            raise CannotStart(place(error, step.path)) from error
        return running

    def framing(self) -> Framing | None:
        """Return the framing that the file imports, or has itself."""
        return self.file.framing()

    def is_own(self, file: str) -> bool:
        """Whether a file of this name is the learner's."""
        return self.file.is_own(file)


async def _can_start(subject: Subject) -> None:
    try:
        await (await subject.start()).stop()
    except CannotStart:
        if not lacking():  # else it is not judged, which is said of each behaviour
            raise


def main(file: str, names: Sequence[str]) -> None:
    """Judge a file and report the results."""
    gc.freeze()  # what is here now need not be looked through after each behaviour
    with _spoken() as say:
        try:
            judge_file(
                Path(file),
                [behaviours.find(name) for name in names],
                lambda r: say(result=r.as_json(), causes=[asdict(c) for c in r.causes]),
                lambda cause: say(found=asdict(cause)),
                lambda: say(end="judged"),
            )
        except CannotStart as error:
            say(**{"cannot start": str(error)})


@contextmanager
def _spoken() -> Iterator[Callable[..., None]]:
    """Return a function that reports to the parent process, and to nothing else.

    What the file itself prints goes to stderr.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as channel:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def say(**words: Any) -> None:
            print(json.dumps(words), file=channel, flush=True)

        yield say


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
