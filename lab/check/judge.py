"""Says whether a step has a behaviour, and if not, what happened instead."""

import gc
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lab import behaviours, simulation, story
from lab.behaviours import NEEDS, SIMULATED, Behaviour
from lab.behaviours.framing_bench import Framing
from lab.check.judging import benched
from lab.check.networks import networks_for
from lab.check.subjects import Subject
from lab.host import Running, settings_of, start, start_process
from lab.mistakes import twins
from lab.mistakes.twins import Twin
from lab.simulation.program import InSimulation
from lab.story import Step
from lab.unmet import Unmet

TIMEOUT = 1.0  # seconds: whoever judges by hand sits and waits
SIMULATED_TIMEOUT = 5.0  # seconds of a clock for which nobody waits
PROCESSES = sys.platform != "emscripten"  # a browser starts none

Begin = Callable[..., Awaitable[Running]]  # of a step and its settings


@dataclass(frozen=True)
class Verdict:
    """The answer: ``unmet`` is None where the behaviour is kept."""

    behaviour: Behaviour
    step: Step
    unmet: Unmet | None

    def __repr__(self) -> str:
        lines = [
            f"{self.step.name}: {self.behaviour.sentence}",
            "  kept" if self.unmet is None else "  not yet",
        ]
        if self.unmet is not None:
            lines += [
                f"  expected: {self.unmet.expected}",
                f"  got:      {self.unmet.got}",
            ]
        return "\n".join(lines)


async def judge(behaviour: str, step: str, timeout: float = TIMEOUT) -> Verdict:
    """Try one behaviour on a step started for it, and return the verdict.

    Raises LookupError if there is no such behaviour or step.
    """
    return await verdict(behaviour, story.find(twins.located(step)), timeout)


async def verdict(
    behaviour: str, step: Step, timeout: float = TIMEOUT, begin: Begin | None = None
) -> Verdict:
    """Try one behaviour on a step, started as ``begin`` does, and return the verdict.

    Otherwise it is started in the way that the behaviour needs.
    """
    wanted = behaviours.find(behaviour)
    try:
        await run_behaviour(wanted, step, timeout, begin)
    except Unmet as unmet:
        return Verdict(wanted, step, unmet)
    return Verdict(wanted, step, None)


async def run_behaviour(
    behaviour: Behaviour, step: Step, timeout: float, begin: Begin | None = None
) -> None:
    """Test a step by a behaviour; raises Unmet, with the result, if it fails.

    The step runs in the loop; as a process, or in a simulation, where the behaviour has
    to see what only these can show; and as ``begin`` starts it, if that is given.
    Limits that are in the way of the behaviour are lifted, if the step has them.
    """
    no_process = behaviour.needs == "exit" and not PROCESSES
    if begin is None and (no_process or behaviour.needs in SIMULATED):
        run_in_simulation(behaviour, step, timeout)
        return
    begin = begin or (start_process if behaviour.needs == "exit" else start)
    subject = OurStep(step, begin, timeout)
    async with benched(subject, behaviour, timeout) as bench:
        await behaviour.run(bench)


class OurStep(Subject):
    """A step of the book, as the checker takes it; it is started as ``begin`` does."""

    has = frozenset(NEEDS)
    settable = True

    def __init__(self, step: Step, begin: Begin, timeout: float) -> None:
        self.step, self.begin, self.timeout = step, begin, timeout

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Start the step, with those of the limits changed that it has."""
        return await self.begin(
            self.step, settings=settings_of(self.step, settings or {})
        )

    def framing(self) -> Framing:
        """Return the framing of the step; Unmet if it has none."""
        return Framing.of(self.step, timeout=self.timeout)


def run_in_simulation(behaviour: Behaviour, step: Step, timeout: float) -> None:
    """Do as ``run_behaviour`` does, in a simulation, where no answer takes any time.

    The end of a server is tried a second time, on a network where everything does.
    """
    begin = InSimulation.start if behaviour.needs == "exit" else start
    for faults in networks_for(behaviour):
        # In debug mode most of the time goes into noting from where each call came.
        judged = run_behaviour(behaviour, step, timeout, begin)
        simulation.run(judged, debug=False, faults=faults)


def judge_twin(twin: Twin) -> Verdict:
    """Test a twin by the behaviour that it breaks, and return the verdict.

    All of it happens in the simulation: nothing is waited for, and the verdict is the
    same each time. A twin whose mistake shows only sometimes has to show it there.
    """
    wanted = behaviours.find(twin.breaks)
    unmet = None
    with warnings.catch_warnings():
        # What a twin does wrong may be that it leaves a connection open.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            run_in_simulation(wanted, twin.step, SIMULATED_TIMEOUT)
        except Unmet as error:
            unmet = Unmet(error.expected, error.got)  # holds nothing that has run
        gc.collect()
    return Verdict(wanted, twin.step, unmet)
