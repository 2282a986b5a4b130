"""Figures out of runs: medians with their spread, and ratios round by round."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from bench.cases import Load
from bench.job import Answer
from bench.metrics import Pick
from bench.runs import Run


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

    def shown(self, digits: int = 2) -> str:
        """Return it as a reader sees it: the median, and the range in brackets."""
        if self.most == inf:
            return "never" if self.least == inf else "not always"
        # Adding zero makes zero of what was a little less: no figure is "-0.0".
        median, least, most = (
            f"{round(value, digits) + 0.0:,.{digits}f}"
            for value in (self.median, self.least, self.most)
        )
        return f"{median} ({least} to {most})" if least != most else median


class Case:
    """All rounds of one load, the servers side by side."""

    def __init__(self, load: Load, runs: Iterable[Run]) -> None:
        self.load = load
        self.failures: dict[str, str] = {}
        self._answers: dict[str, dict[int, Answer]] = {}
        for run in runs:
            if run.load == load:
                self._answers.setdefault(run.peer, {})[run.round] = run.answer
                if run.answer.error is not None:
                    self.failures[run.peer] = run.answer.error

    @property
    def peers(self) -> list[str]:
        """The servers that have figures, in the order in which they came."""
        # Who has failed once is not reported as fast in the other rounds.
        return [peer for peer in self._answers if peer not in self.failures]

    def values(self, peer: str, pick: Pick) -> list[float]:
        """Return what a server came to in each round, the first round first."""
        rounds = sorted(self._answers[peer])
        return [pick(self._answers[peer][number]) for number in rounds]

    def figure(self, peer: str, pick: Pick) -> Figure:
        """Return the figure of a server over all rounds."""
        return Figure.of(self.values(peer, pick))

    def ratio(self, peer: str, base: str, cost: Pick) -> Figure:
        """Return by how much a server does more than another for the same cost.

        Each round gives one ratio, for both were disturbed by much the same then.
        """
        ours, theirs = self._answers[peer], self._answers[base]
        both = [number for number in ours if number in theirs]
        return Figure.of(cost(theirs[n]) / cost(ours[n]) for n in both)


def cases(runs: Sequence[Run]) -> list[Case]:
    """Return a case for every load, in the order in which they were measured."""
    return [Case(load, runs) for load in dict.fromkeys(run.load for run in runs)]
