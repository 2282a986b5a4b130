"""The nets that a mistake may fall into, from the cheapest to the dearest.

Each takes a step and the step ``like`` that it is held to, and returns what became of
it. The dearest of all, hostile clients over a real network, are in ``tests/hostile``.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab import behaviours, simulation
from lab.behaviours import SIMULATED, Behaviour
from lab.check.judge import run_behaviour, run_in_simulation
from lab.search import search
from lab.simulation import Spinning, Stuck
from lab.story import Step
from lab.unmet import Unmet

TIMEOUT = 10.0  # seconds for an answer: a busy machine is no mistake
SEEDS = 100  # that a search may take


@dataclass(frozen=True)
class Detection:
    """What became of a step in a net.

    ``by`` is the name of what caught it, the behaviour or the invariant, and empty if
    nothing did; ``got`` is what came instead. ``tried`` counts the behaviours or the
    seeds, the last one included. ``seconds`` is what they took of the processor, here
    and in the processes that were started for them; ``waited`` is how long it took.
    """

    by: str
    got: str
    tried: int
    seconds: float
    waited: float

    def __repr__(self) -> str:
        count = f"{self.tried} tried, {self.seconds:.1f} s of CPU time"
        if not self.by:
            return f"missed ({count})"
        return f"caught by {self.by} ({count}): {self.got}"


class Watch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._begin = self._now()

    def times(self) -> tuple[float, float]:
        """Return the seconds of the processor, and those that have passed."""
        processor, passed = self._now()
        return processor - self._begin[0], passed - self._begin[1]

    def _now(self) -> tuple[float, float]:
        # Not every system has children, and then there is nothing to add.
        of_children = sum(os.times()[2:4]) if hasattr(os, "times") else 0.0
        return time.process_time() + of_children, time.perf_counter()


def units(utils: Step, like: Step) -> Detection:
    """Put a framing to the behaviours that need neither a server nor a network."""
    net = _Net(utils)
    simulation.run(net.catch(behaviour for behaviour in _of(like, framing=True)))
    return net.haul()


async def wire(
    step: Step, like: Step, *, timeout: float = TIMEOUT, processes: bool = True
) -> Detection:
    """Put a step to all that can be judged over TCP.

    ``timeout`` is how many seconds an answer may take. Without ``processes``, signals
    and exit status are left out: a browser has neither.
    """
    net = _Net(step, timeout)
    left_out = SIMULATED if processes else (*SIMULATED, "exit")
    await net.catch(b for b in _of(like) if b.needs not in left_out)
    return net.haul()


def simulated(step: Step, like: Step) -> Detection:
    """Put a step to its behaviours in the simulation, the clock and writes included."""
    net = _Net(step)
    for behaviour in _of(like):
        with net.trying(behaviour):
            run_in_simulation(behaviour, step, TIMEOUT)
        if net.by:
            break
    return net.haul()


def searched(step: Step, like: Step, seeds: int = SEEDS) -> Detection:
    """Let random crowds loose on a step, as many as there are seeds."""
    watch = Watch()
    found = search(step, range(seeds), like=like, smaller=False)
    by, got = (found.found.invariant, found.found.what) if found.found else ("", "")
    return Detection(by, got, found.seeds, *watch.times())


def _of(like: Step, *, framing: bool = False) -> Iterable[Behaviour]:
    for behaviour in behaviours.every():
        if behaviours.holds(behaviour, like) and behaviour.of_framing == framing:
            yield behaviour


class _Net:
    """Counts what is tried, and keeps the first that is not kept."""

    def __init__(self, step: Step, timeout: float = TIMEOUT) -> None:
        self.step, self.timeout = step, timeout
        self.watch = Watch()
        self.by = self.got = ""
        self.tried = 0

    async def catch(self, judged: Iterable[Behaviour]) -> None:
        """Try one behaviour after the other, until one is not kept."""
        for behaviour in judged:
            with self.trying(behaviour):
                await run_behaviour(behaviour, self.step, self.timeout)
            if self.by:
                break

    @contextmanager
    def trying(self, behaviour: Behaviour) -> Iterator[None]:
        """Note what a behaviour raises; with a mistake, that may be anything."""
        self.tried += 1
        try:
            yield
        except (Exception, Stuck, Spinning) as error:
            unmet = isinstance(error, Unmet)
            self.got = str(error) if unmet else f"{type(error).__name__}: {error}"
            self.by = behaviour.name

    def haul(self) -> Detection:
        """Return what has become of the step."""
        return Detection(self.by, self.got, self.tried, *self.watch.times())
