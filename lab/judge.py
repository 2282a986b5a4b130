"""Says of one behaviour whether a step has it, and if not, what came instead."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lab import behaviours, simulation, story
from lab.behaviours import SIMULATED, Behaviour
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.host import Running, start, start_process
from lab.notyet import NotYet
from lab.simulation.program import InSimulation
from lab.story import Step

PATIENCE = 1.0  # seconds: whoever judges by hand sits and waits
PROCESSES = sys.platform != "emscripten"  # a browser starts none

Begin = Callable[[Step], Awaitable[Running]]


@dataclass(frozen=True)
class Verdict:
    """The answer: ``not_yet`` is None where the behaviour is kept."""

    behaviour: Behaviour
    step: Step
    not_yet: NotYet | None

    def __repr__(self) -> str:
        lines = [
            f"{self.step.name}: {self.behaviour.sentence}",
            "  kept" if self.not_yet is None else "  not yet",
        ]
        if self.not_yet is not None:
            lines += [
                f"  expected: {self.not_yet.expected}",
                f"  got:      {self.not_yet.got}",
            ]
        return "\n".join(lines)


async def judge(behaviour: str, step: str, patience: float = PATIENCE) -> Verdict:
    """Try one behaviour on a step started for it, and return the verdict.

    Raises LookupError if there is no such behaviour or step.
    """
    return await verdict(behaviour, story.find(step), patience)


async def verdict(
    behaviour: str, step: Step, patience: float = PATIENCE, begin: Begin | None = None
) -> Verdict:
    """Try one behaviour on a step, started as ``begin`` does, and return the verdict.

    Otherwise it is started in the way that the behaviour needs.
    """
    wanted = behaviours.find(behaviour)
    try:
        await put(wanted, step, patience, begin)
    except NotYet as not_yet:
        return Verdict(wanted, step, not_yet)
    return Verdict(wanted, step, None)


async def put(
    behaviour: Behaviour, step: Step, patience: float, begin: Begin | None = None
) -> None:
    """Put a step to a behaviour; NotYet, with what came instead, if it has it not.

    The step runs in the loop; as a process, or in a simulation, where the behaviour has
    to see what only these can show; and as ``begin`` starts it, if that is given.
    """
    no_process = behaviour.needs == "exit" and not PROCESSES
    if behaviour.of_framing:
        await behaviour.run(Framing.of(step, patience=patience))
    elif begin is None and (no_process or behaviour.needs in SIMULATED):
        put_in_simulation(behaviour, step, patience)
    else:
        begin = begin or (start_process if behaviour.needs == "exit" else start)
        async with Bench(await begin(step), patience=patience) as bench:
            await behaviour.run(bench)


def put_in_simulation(behaviour: Behaviour, step: Step, patience: float) -> None:
    """Do as ``put`` does, in a simulation, where no answer takes any time."""
    begin = InSimulation.start if behaviour.needs == "exit" else start
    # In debug mode most of the time goes into noting from where each call came.
    simulation.run(put(behaviour, step, patience, begin), debug=False)
