"""What may look on while a program runs in the simulation, and what it is told."""

from collections.abc import Callable
from typing import Any


class Watcher:
    """Sees each callback, task and timer of the loops that it watches.

    This one only lets them be: override what you want to see. ``Loop.watched_by`` names
    a watcher for all loops that are made from then on, and ``loop.watch`` adds one to a
    loop. Where several watch, each runs what the next one does.
    """

    def run(self, loop: Any, handle: Any, go: Callable[[], None]) -> None:
        """Run a callback: ``go`` does it."""
        go()

    def skipped(self, loop: Any, handle: Any) -> None:
        """Take note of a callback that was cancelled while it was ready to run."""

    def make_task(self, loop: Any, make: Callable[[], Any]) -> Any:
        """Return the task that ``make`` makes."""
        return make()

    def timer_set(self, loop: Any, timer: Any) -> None:
        """Take note of a timer: its callback runs later, unless it is cancelled."""

    def timer_gone(self, loop: Any, timer: Any) -> None:
        """Take note that a timer was cancelled, or that its callback runs next.

        One that is cancelled after it has run is gone twice.
        """

    def ran_in_executor(self) -> None:
        """Take note that the callback that runs has done the work of an executor."""
