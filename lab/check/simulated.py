"""The checker in the simulation: for a page, where there are no processes.

What it takes is a Python file, as the checker does. Everything about it can be judged,
and no answer takes any time; but it runs in this process, so a file that never waits
holds up whoever has asked. The checker itself has it run in another process, for what
only a simulation can show::

    python -m lab.check.simulated FILE BEHAVIOUR    # prints the result, as JSON
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from lab import behaviours, simulation
from lab.behaviours import NEEDS
from lab.behaviours.framing_bench import Framing
from lab.check import CannotStart, PythonFile, Report, Subject, wanted
from lab.check.networks import judged_on_networks
from lab.host import Running, settings_of
from lab.host.starting import place
from lab.network import ChosenPort
from lab.simulation.lacks import lacking
from lab.simulation.program import InSimulation
from lab.story import Step

# Seconds of a clock that runs as fast as it can: the longest behaviour takes an hour.
MAX_SECONDS = 7200.0


def check_in_simulation(path: Path, step: Step) -> Report:
    """Put a Python file to all behaviours up to a step, and return the report.

    CannotStart if it is no Python file with a ``main(host, port)``, or if it cannot be
    started.
    """
    subject = Simulated(path)
    simulation.run(_can_start(subject))
    results = [judged_on_networks(subject, b) for b in wanted(step)]
    return Report(step, results, partial=False)


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
            raise CannotStart(place(error, step.path)) from error
        return running

    def framing(self) -> Framing | None:
        """Return the framing that the file imports, or has itself."""
        return self.file.framing()


async def _can_start(subject: Subject) -> None:
    try:
        await (await subject.start()).stop()
    except CannotStart:
        if not lacking():  # else it is not judged, which is said of each behaviour
            raise


if __name__ == "__main__":
    _, file, name = sys.argv
    verdict = judged_on_networks(Simulated(Path(file)), behaviours.find(name))
    print("\n" + json.dumps(asdict(verdict)))
