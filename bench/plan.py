"""A whole run: one question after the other, and whom it is asked."""

from collections.abc import Sequence

from bench.cases import Experiment
from bench.peers import Peer
from bench.report import line
from bench.runs import Run, rounds


async def measured(
    experiments: Sequence[Experiment], peers: Sequence[Peer], *, everyone: bool
) -> list[Run]:
    """Measure, and say after each run what was measured.

    Unless ``everyone``, only some are asked what not all have to be asked.
    """
    runs = []
    for experiment in experiments:
        whom = "all" if everyone else experiment.whom
        asked = [peer for peer in peers if whom in peer.asked]
        async for run in rounds(experiment, asked):
            runs.append(run)
            print(line(run))
    return runs
