"""Looks things up in results, by the names that a chapter and the goals have for them.

A case of the headline has the name of its load, ``busy`` for instance. What grows is
``members busy 1000``: the experiment, the load, and the size. The rest is in ``WHERE``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import metrics
from bench.cases import BUSY, CROWD, EXPERIMENTS, QUIET
from bench.figures import Case, Figure, cases
from bench.metrics import Pick
from bench.results import Results

LOADS = (QUIET.name, BUSY.name, CROWD.name)
SIZES = {"members": "members", "sizes": "text", "rooms": "rooms"}  # what grows in them
NEWEST = "newest"  # stands for the last step that was measured
TOGETHER, COMPARED = "+", "over"


@dataclass(frozen=True)
class Place:
    """Where a figure is: in which experiment, how to take it out, and its digits."""

    experiment: str
    pick: Pick
    digits: int = 1


WHERE = {
    **{load: Place("headline", metrics.cpu(load), 2) for load in LOADS},
    "p50": Place("latency", metrics.delay(0)),
    "p99": Place("latency", metrics.delay(1)),
    "p99.9": Place("latency", metrics.delay(2)),
    "worst": Place("latency", metrics.delay(3)),
    "late": Place("latency", metrics.late),
    "memory": Place("idle", metrics.memory_each),
    "accepted": Place("idle", metrics.admitted, 0),
    "accepting": Place("idle", metrics.cpu_each, 0),
    "heard": Place("silent", metrics.share, 0),
    "growth": Place("silent", metrics.growth),
    "left": Place("silent", metrics.growth_left),
    "dropped": Place("silent", metrics.dropped),
}


class Look:
    """What a run came to, ready to be asked; LookupError for what was not measured."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self._cases = {
            experiment.name: cases(
                [run for run in results.runs if run.experiment == experiment.name]
            )
            for experiment in EXPERIMENTS
        }

    @property
    def newest(self) -> str:
        """The step with the highest number, without side steps and other loops."""
        names = [about.name for about in self.results.servers]
        steps = [name for name in names if re.fullmatch(r"server\d\d", name)]
        if not steps:
            raise LookupError("no step was measured")
        return max(steps)

    @property
    def rounds(self) -> int:
        """How often the servers took turns in the headline."""
        headline = [r for r in self.results.runs if r.experiment == "headline"]
        return 1 + max(run.round for run in headline)

    def named(self, peer: str) -> str:
        """Return the name of a server as it is in the results."""
        first, plus, loop = peer.partition(TOGETHER)
        return (self.newest if first == NEWEST else first) + plus + loop

    def every(self, experiment: str) -> Sequence[Case]:
        """Return all cases of an experiment; LookupError if it was not measured."""
        if not self._cases[experiment]:
            raise LookupError(f"{experiment} was not measured")
        return self._cases[experiment]

    def find(self, name: str) -> tuple[Case, Place]:
        """Return where a figure is; LookupError if there is no such."""
        first, *rest = name.split() or [name]
        if first in SIZES:
            load, size = rest
            for case in self.every(first):
                if vars(case.load)[SIZES[first]] == int(size):
                    return case, Place(first, metrics.cpu(load), 2)
        elif name in WHERE:
            # Of several sizes the last one is meant, which is the largest.
            return self.every(WHERE[name].experiment)[-1], WHERE[name]
        raise LookupError(f"nothing is called {name!r}")

    def figure(self, name: str, peer: str) -> Figure:
        """Return a figure of a server, over all rounds."""
        case, place = self.find(name)
        return case.figure(self.has(case, peer), place.pick)

    def times(self, name: str, peer: str, other: str) -> Figure:
        """Return by how much a server does better than another, round by round.

        What costs half does twice as well.
        """
        case, place = self.find(name)
        return case.ratio(self.has(case, peer), self.has(case, other), place.pick)

    def has(self, case: Case, peer: str) -> str:
        """Return the server's name; LookupError if it has no figures there."""
        name = self.named(peer)
        if name not in case.peers:
            why = case.failures.get(name, "it was not measured")
            raise LookupError(f"{name} has no figure: {why}")
        return name

    def said(self, request: str) -> str:
        """Return the figure that a sentence asks for, with as many digits as it needs.

        ``busy server09`` is what it is, ``busy server09 over websockets`` by how much
        it does better. LookupError if that was not measured.
        """
        *name, peer = request.split()
        if len(name) > 2 and name[-1] == COMPARED:
            times = self.times(" ".join(name[:-2]), name[-2], peer)
            return brief(times.median)
        place = self.find(" ".join(name))[1]
        return f"{self.figure(' '.join(name), peer).median:,.{place.digits}f}"

    def busiest(self) -> Figure:
        """Return for which part of the time the generator was at work at most."""
        return max(self._generator(), key=lambda figure: figure.median)

    def _generator(self) -> Iterable[Figure]:
        for case in self.every("headline"):
            for peer in case.peers:
                for load in LOADS:
                    yield case.figure(peer, metrics.generator(load))


def brief(value: float) -> str:
    """Return a ratio with two digits, or three if it begins with one."""
    digits = 0 if value >= 20 else 1 if value >= 2 else 2
    return f"{value:.{digits}f}"
