"""Says of one behaviour whether a step has it, and if not, what came instead."""

from dataclasses import dataclass

from lab import behaviours, story
from lab.behaviours.bench import Bench
from lab.host import start
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
    wanted, judged = behaviours.find(behaviour), story.find(step)
    server = await start(judged)
    async with Bench(server, patience=patience) as bench:
        try:
            await wanted.run(bench)
        except NotYet as not_yet:
            return Verdict(wanted, judged, not_yet)
    return Verdict(wanted, judged, None)
