"""Figures out of runs: medians with their spread, and ratios round by round."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.job import Measured
from bench.runs import Crowd, Run

MILLION = 1_000_000


@dataclass(frozen=True)
class Figure:
    """A median, and the least and the most of all rounds."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: Iterable[float]) -> "Figure":
        """Return the figure of some values; StatisticsError if there are none."""
        values = list(values)
        return Figure(median(values), min(values), max(values))


class Case:
    """All rounds of one phase under one crowd, the servers side by side."""

    def __init__(self, crowd: Crowd, phase: str, runs: Sequence[Run]) -> None:
        self.crowd = crowd
        self.phase = phase
        self.failures: dict[str, str] = {}
        self._rounds: dict[str, dict[int, Measured]] = defaultdict(dict)
        for run in runs:
            if run.crowd == crowd:
                self._take(run)

    @property
    def peers(self) -> list[str]:
        """The servers that have figures, in the order in which they came."""
        # A server that has failed once is not reported as fast in the other rounds.
        return [peer for peer in self._rounds if peer not in self.failures]

    def cpu(self, peer: str) -> Figure:
        """Return the server's CPU seconds for a million deliveries."""
        return Figure.of(map(cost, self._rounds[peer].values()))

    def speed(self, peer: str) -> Figure:
        """Return the deliveries per second."""
        rounds = self._rounds[peer].values()
        return Figure.of(one.deliveries / one.seconds for one in rounds)

    def generator(self, peer: str) -> Figure:
        """Return the part of one core that the generator was at work."""
        rounds = self._rounds[peer].values()
        return Figure.of(one.generator / one.seconds for one in rounds)

    def ratio(self, peer: str, base: str) -> Figure:
        """Return by how much a server delivers more than another in a CPU second.

        Each round gives one ratio, for both were disturbed by much the same then.
        """
        ours, theirs = self._rounds[peer], self._rounds[base]
        return Figure.of(cost(theirs[n]) / cost(ours[n]) for n in ours if n in theirs)

    def _take(self, run: Run) -> None:
        if run.answer.error is not None:
            self.failures[run.peer] = run.answer.error
        for measured in run.answer.measured:
            if measured.name == self.phase:
                self._rounds[run.peer][run.round] = measured


def cost(measured: Measured) -> float:
    """Return the server's CPU seconds for a million deliveries."""
    return measured.server / measured.deliveries * MILLION


def cases(runs: Sequence[Run]) -> list[Case]:
    """Return every case of some runs, in the order in which they were measured."""
    crowds = list(dict.fromkeys(run.crowd for run in runs))
    return [Case(crowd, p.name, runs) for crowd in crowds for p in crowd.phases]


def shown(figure: Figure, digits: int = 2) -> str:
    """Return a figure as a reader sees it: the median, and the range in brackets."""
    return (
        f"{figure.median:,.{digits}f} "
        f"({figure.least:,.{digits}f} to {figure.most:,.{digits}f})"
    )
