"""Finds coroutines that were never awaited.

Python itself warns of them when they are collected. With the origins of coroutines
tracked, the warning says in which line each was called.
"""

import gc
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.check.findings.finding import Found
from lab.check.findings.whose import Own

NEVER_AWAITED = re.compile(r"coroutine (?:method )?'(.+?)'.* was never awaited")
DEPTH = 4  # calls, up to which it is remembered where a coroutine was called
_CALL = re.compile(r'File "(.+)", line (\d+), in (.+)')


class Awaits:
    """Listens to the warnings of Python."""

    def __init__(self, found: Found, own: Own) -> None:
        self.found, self.own = found, own

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Listen in the block, and pass on what is about something else."""
        depth = sys.get_coroutine_origin_tracking_depth()
        with warnings.catch_warnings():
            warnings.filterwarnings("always", message=NEVER_AWAITED.pattern)
            show = warnings.showwarning

            def shown(message: Warning | str, *about: Any, **more: Any) -> None:
                if not self._took(str(message)):
                    show(message, *about, **more)

            warnings.showwarning = shown
            sys.set_coroutine_origin_tracking_depth(DEPTH)
            try:
                yield
                gc.collect()  # what a module keeps is told of when that goes
            finally:
                sys.set_coroutine_origin_tracking_depth(depth)

    def _took(self, message: str) -> bool:
        """Take a warning; whether it is about a coroutine."""
        named = NEVER_AWAITED.match(message)
        if named is None:
            return False
        # At the level of the module that is main(), which a library has not awaited.
        calls = [c for c in _CALL.findall(message) if c[2] != "<module>"]
        own = [(file, int(line)) for file, line, _ in calls if self.own.has_file(file)]
        if own and not self.found.over:  # when all was broken off, it is our doing
            name = named[1].rpartition("<locals>.")[2]
            words = f"nothing awaits this call of {name}, so it does nothing; await it"
            self.found.add("never awaited", *own[-1], words)
        return True
