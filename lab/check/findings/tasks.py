"""Finds tasks that nothing keeps.

A loop holds its tasks by weak references only: nothing but the program keeps one from
being collected while it waits. A task begins to run when whatever started it lets go or
waits. A moment before that, its references are counted.
"""

import asyncio
import os
import sys
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from lab import simulation
from lab.check.findings.finding import Found
from lab.check.findings.whose import Own

# What lies between the call that makes a task and the task: asyncio and ourselves.
_FILES = (asyncio.__file__, simulation.__file__, __file__)
_INSIDE = tuple(os.path.dirname(file) for file in _FILES)

Ref = Callable[[], "asyncio.Task[Any] | None"]


class Tasks:
    """Looks on at the tasks that are made by own code."""

    def __init__(self, found: Found, own: Own) -> None:
        self.found, self.own = found, own
        self._nobody = _references_of_nobody()
        self._lost: set[tuple[str, int]] = set()  # where tasks were made
        self._kept: set[tuple[str, int]] = set()

    def make(self, loop: Any, make: Callable[[], Any]) -> Any:
        """Make a task, and look at it before its first step if own code asked."""
        frame = sys._getframe(1)
        while frame.f_back is not None and _is_inside(frame.f_code.co_filename):
            frame = frame.f_back
        if not self.own.has(frame.f_code):
            return make()
        place, made = (frame.f_code.co_filename, frame.f_lineno), list[Ref]()
        del frame  # or it would keep what its function kept
        loop.call_soon(self._look, made, place)  # which comes before the first step
        task = make()
        made.append(weakref.ref(task))
        return task

    def tell(self) -> None:
        """Add what was found; all is known only when the loop has ended."""
        for file, line in sorted(self._lost):
            if (file, line) in self._kept:
                words = (
                    "nothing keeps a task that starts here when this line runs again, "
                    "and Python may collect it; keep all of them in a set"
                )
            else:
                words = (
                    "nothing keeps the task that starts here, and Python may collect "
                    "it before it ends; keep it in a set, or use a TaskGroup"
                )
            self.found.add("task that nothing keeps", file, line, words)

    def _look(self, made: list[Ref], place: tuple[str, int]) -> None:
        if made:
            count = _references(made[0])
            (self._lost if count <= self._nobody else self._kept).add(place)


def _is_inside(file: str) -> bool:
    return file.startswith(_INSIDE)


def _references(ref: Ref) -> int:
    """Return how many references there are to a task; a large number if it ended."""
    task = ref()
    return sys.maxsize if task is None or task.done() else sys.getrefcount(task)


@cache
def _references_of_nobody() -> int:
    """Return how many there are to a task that nothing keeps.

    They are its loop's and our own, and how many that is depends on the Python.
    """
    counted: list[int] = []

    async def main() -> None:
        made: list[Ref] = []
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: counted.append(_references(made[0])))
        made.append(weakref.ref(loop.create_task(asyncio.sleep(0))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    simulation.run(main())
    return counted[0]
