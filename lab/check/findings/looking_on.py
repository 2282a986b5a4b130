"""Puts all that looks on around the loops of the simulation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lab.behaviours import Behaviour
from lab.check.findings.awaits import Awaits
from lab.check.findings.blocking import Blocking
from lab.check.findings.finding import Finding, Found
from lab.check.findings.holding import Holding
from lab.check.findings.ours import most_of
from lab.check.findings.tasks import Tasks
from lab.check.findings.whose import Own
from lab.simulation import Loop, Watcher


class Watching(Watcher):
    """All watchers, as one; see ``simulation.watcher``."""

    def __init__(self, path: Path, found: Found) -> None:
        self.found, self.own = found, Own(path)
        self.blocking = Blocking(found, self.own)
        self.holding = Holding(found, self.own, most_of)
        self.tasks = Tasks(found, self.own)
        self.awaits = Awaits(found, self.own)

    def run(self, loop: Any, handle: Any, go: Callable[[], None]) -> None:
        """Run a callback; Stuck if it holds up the loop."""
        self.holding.run(loop, go)

    def make_task(self, loop: Any, make: Callable[[], Any]) -> Any:
        """Return the task that ``make`` makes."""
        return self.tasks.make(loop, make)

    def ran_in_executor(self) -> None:
        """Take note that the callback that runs is the work of an executor."""
        self.holding.in_executor()


_watching: Watching | None = None


@contextmanager
def watching(
    path: Path, tell: Callable[[Finding], None] | None = None
) -> Iterator[Found]:
    """Find the mistakes of a file that is loaded and judged in the block.

    They are in the list, and ``tell`` is told of each at once.
    """
    global _watching
    found = Found(tell)
    one = Watching(path, found)
    before, outer = Loop.watched_by, _watching
    with ExitStack() as looking:
        for each in (one.blocking, one.holding, one.awaits):
            looking.enter_context(each.looking())
        Loop.watched_by = _watching = one
        try:
            yield found
        finally:
            Loop.watched_by, _watching = before, outer
    one.tasks.tell()


def current() -> Watching | None:
    """Return the watcher at present."""
    return _watching


def over() -> str:
    """Return why nothing more can be judged; empty if it can, or without a watcher."""
    return "" if _watching is None else _watching.found.over


def judged(behaviour: Behaviour) -> None:
    """Tell the watcher that a behaviour was judged."""
    if _watching is not None:
        _watching.holding.judged(behaviour)
