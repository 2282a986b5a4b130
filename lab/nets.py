"""The nets that a mistake may fall into, from the cheapest to the dearest.

Each takes a step and the step ``like`` that it is held to, and returns what became of
it. The dearest of all, hostile clients over a real network, are in ``tests/hostile``.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lab import behaviours
from lab.behaviours import SIMULATED, Behaviour
from lab.judge import put, put_in_simulation
from lab.notyet import NotYet
from lab.search import search
from lab.simulation import Spinning, Stuck
from lab.story import Step

PATIENCE = 10.0  # seconds for an answer: a busy machine is no mistake
SEEDS = 100  # that a search may take


@dataclass(frozen=True)
class Haul:
    """What became of a step in a net.

    ``by`` is the name of what caught it, the behaviour or the invariant, and empty if
    nothing did; ``got`` is what came instead. ``tried`` counts the behaviours or the
    seeds, the last one included, and ``seconds`` is how long they took.
    """

    by: str
    got: str
    tried: int
    seconds: float

    def __repr__(self) -> str:
        count = f"{self.tried} tried, {self.seconds:.1f} s"
        return (
            f"caught by {self.by} ({count}): {self.got}"
            if self.by
            else (f"through ({count})")
        )


def units(utils: Step, like: Step) -> Haul:
    """Put a framing to the behaviours that need neither a server nor a network."""
    return _put(utils, _of(like, framing=True), _in_a_loop)


def wire(step: Step, like: Step, patience: float = PATIENCE) -> Haul:
    """Put a step to all that can be judged over TCP, with signals and exit status."""
    judged = (b for b in _of(like) if b.needs not in SIMULATED)
    return _put(step, judged, _in_a_loop, patience)


def simulated(step: Step, like: Step) -> Haul:
    """Put a step to its behaviours in the simulation, the clock and writes included."""
    return _put(step, _of(like), put_in_simulation)


def searched(step: Step, like: Step, seeds: int = SEEDS) -> Haul:
    """Let random crowds loose on a step, as many as there are seeds."""
    found = search(step, range(seeds), like=like, smaller=False)
    by, got = (found.found.invariant, found.found.what) if found.found else ("", "")
    return Haul(by, got, found.seeds, found.seconds)


def _of(like: Step, *, framing: bool = False) -> Iterable[Behaviour]:
    for behaviour in behaviours.every():
        if behaviours.holds(behaviour, like) and behaviour.of_framing == framing:
            yield behaviour


def _in_a_loop(behaviour: Behaviour, step: Step, patience: float) -> None:
    asyncio.run(put(behaviour, step, patience))


def _put(
    step: Step,
    judged: Iterable[Behaviour],
    judge: Callable[[Behaviour, Step, float], None],
    patience: float = PATIENCE,
) -> Haul:
    """Try one behaviour after the other, until one is not kept."""
    begin, tried, by, got = time.perf_counter(), 0, "", ""
    for behaviour in judged:
        tried += 1
        try:
            judge(behaviour, step, patience)
        except NotYet as not_yet:
            by, got = behaviour.name, str(not_yet)
        except (Exception, Stuck, Spinning) as error:  # it has not even come so far
            by, got = behaviour.name, f"{type(error).__name__}: {error}"
        if by:
            break
    return Haul(by, got, tried, time.perf_counter() - begin)
