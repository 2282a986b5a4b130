"""How long our own step computes, in the same behaviour on the same machine."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from lab import behaviours, story
from lab.behaviours import Behaviour
from lab.simulation.watcher import Watcher
from lab.unmet import Unmet


class Most(Watcher):
    """Remembers the most seconds of computing in one callback."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def run(self, loop: Any, handle: Any, go: Callable[[], None]) -> None:
        """Run a callback, and take its time."""
        before = time.thread_time()
        go()
        self.seconds = max(self.seconds, time.thread_time() - before)


def most_of(behaviour: Behaviour) -> float:
    """Return the most seconds that our step computes in one callback.

    It is the step that brings the behaviour.
    """
    return _most_of(behaviour.name)


@cache
def _most_of(name: str) -> float:
    from lab.check.judge import run_in_simulation  # which judges with what is here
    from lab.simulation import Loop

    behaviour = behaviours.find(name)
    before, Loop.watched_by = Loop.watched_by, (most := Most())
    try:
        run_in_simulation(behaviour, story.find(behaviour.since), timeout=5.0)
    except Unmet:
        pass  # it has computed all the same
    finally:
        Loop.watched_by = before
    return most.seconds
