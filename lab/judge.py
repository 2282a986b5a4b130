"""Says of one behaviour whether a step has it, and if not, what came instead."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lab import behaviours, story
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.host import Running, start, start_process
from lab.notyet import NotYet
from lab.story import Step

PATIENCE = 1.0  # seconds: whoever judges by hand sits and waits


@dataclass(frozen=True)
class Verdict:
    """The answer: ``not_yet`` is None where the behaviour is kept."""

    behaviour: behaviours.Behaviour
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
    behaviour: str,
    step: Step,
    patience: float = PATIENCE,
    begin: Callable[[Step], Awaitable[Running]] | None = None,
) -> Verdict:
    """Try one behaviour on a step, started as ``begin`` does.

    Otherwise it runs in the loop, or as a process where the behaviour needs one.
    """
    wanted = behaviours.find(behaviour)
    begin = begin or (start_process if wanted.needs == "exit" else start)
    try:
        if wanted.of_framing:
            await wanted.run(Framing.of(step, patience=patience))
        else:
            async with Bench(await begin(step), patience=patience) as bench:
                await wanted.run(bench)
    except NotYet as not_yet:
        return Verdict(wanted, step, not_yet)
    return Verdict(wanted, step, None)
