"""Who may look on while a program runs in the simulation: what is asked of them."""

from collections.abc import Callable
from typing import Any, Protocol


class Watcher(Protocol):
    """Sees each callback and each task of the loops that it watches.

    ``Loop.watched_by`` names one for all loops that are made from then on.
    """

    def run(self, loop: Any, handle: Any) -> None:
        """Run a callback of the loop, as ``handle._run()`` does."""

    def make_task(self, loop: Any, make: Callable[[], Any]) -> Any:
        """Return the task that ``make`` makes."""

    def ran_in_executor(self) -> None:
        """Take note that the callback that runs has done the work of an executor."""
