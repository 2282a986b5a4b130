"""What a whole run consists of: which question how often, and whom it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.cases import EXPERIMENTS, Experiment
from bench.job import Closed
from bench.peers import Peer
from bench.report import line
from bench.runs import Run, rounds


@dataclass(frozen=True)
class Part:
    """One experiment, so many rounds of it."""

    experiment: Experiment
    rounds: int


def briefer(experiment: Experiment, seconds: float) -> Experiment:
    """Return an experiment whose closed loads are measured for so many seconds."""
    loads = tuple(
        replace(
            load,
            phases=tuple(
                replace(phase, seconds=seconds) if isinstance(phase, Closed) else phase
                for phase in load.phases
            ),
        )
        for load in experiment.loads
    )
    return replace(experiment, loads=loads)


_ROUNDS = {"headline": 5, "members": 3, "sizes": 1, "rooms": 1, "latency": 2}
_ROUNDS |= {"idle": 2, "silent": 1}

FULL = tuple(Part(experiment, _ROUNDS[experiment.name]) for experiment in EXPERIMENTS)
QUICK = (Part(briefer(EXPERIMENTS[0], 0.3), 2),)


async def measured(
    parts: Sequence[Part], peers: Sequence[Peer], *, everyone: bool
) -> list[Run]:
    """Measure, and say after each run what was measured.

    Unless ``everyone``, only some are asked what not all have to be asked.
    """
    runs = []
    for part in parts:
        whom = "all" if everyone else part.experiment.whom
        asked = [peer for peer in peers if whom in peer.asked]
        async for run in rounds(part.experiment, asked, part.rounds):
            runs.append(run)
            print(line(run))
    return runs
