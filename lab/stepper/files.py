"""Which files a scene shows: those of steps, and those that it was given."""

import linecache
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.story import STEPS, Step


class Files:
    """Numbers the files that are shown, in the order in which they are met."""

    def __init__(self, others: Iterable[str] = ()) -> None:
        self._others = set(others)
        self._steps = str(STEPS) + os.sep
        self._numbers: dict[str, int | None] = {}
        self.paths: list[str] = []

    def number(self, path: str) -> int | None:
        """Return the number of a file; None for one that is not shown."""
        try:
            return self._numbers[path]
        except KeyError:
            shown = path in self._others or path.startswith(self._steps)
            number = self._numbers[path] = len(self.paths) if shown else None
            if shown:
                self.paths.append(path)
            return number

    def lines(self, number: int) -> list[str]:
        """Return the lines of a file."""
        return linecache.getlines(self.paths[number])

    def in_order(self, used: Iterable[int]) -> tuple[list[dict[str, Any]], list[int]]:
        """Return those that are used, as a scene has them, and the new number of each.

        The steps come first, a server before what it imports, and then the others.
        """
        order = sorted(set(used), key=lambda number: self._place(self.paths[number]))
        shown = [
            {"n": os.path.basename(self.paths[n]), "t": "".join(self.lines(n))}
            for n in order
        ]
        new = [order.index(n) if n in order else -1 for n in range(len(self.paths))]
        return shown, new

    def _place(self, path: str) -> tuple[bool, bool, str]:
        is_server = Step(Path(path)).kind in ("server", "side")
        return not path.startswith(self._steps), not is_server, path
