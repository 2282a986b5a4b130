"""Notes which lines run: with ``sys.monitoring`` where there is one (Python 3.12).

On later Pythons ``sys.settrace`` takes four times as long, so that it is used on 3.11
only, where it is cheap.
"""

import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Protocol

from lab.stepper.files import Files

MOST = 400  # lines of one moment: more would not be read
TOOLS = (3, 4, 0)  # the numbers of monitoring tools; the first two are for anybody

Trail = list[tuple[int, int]]  # the number of a file, and of a line in it


class Lines(Protocol):
    """Notes lines while a callback runs."""

    def start(self) -> None:
        """Get ready to note lines."""

    def run(self, go: Callable[[], None], trail: Trail) -> None:
        """Run a callback, and add its lines to the trail."""

    def stop(self) -> None:
        """Give back what was taken."""


def lines_of(files: Files) -> Lines:
    """Return what notes the lines of these files in this Python."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        for number in TOOLS:
            if monitoring.get_tool(number) is None:
                return Monitored(files, monitoring, number)
    return Traced(files)


def of_a_function(code: CodeType) -> bool:
    """Whether it is a function: a module runs once in a process, not in every run."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


class Monitored:
    """By ``sys.monitoring``."""

    def __init__(self, files: Files, monitoring: Any, tool: int) -> None:
        self._files, self._monitoring, self._tool = files, monitoring, tool
        self._trail: Trail | None = None

    def start(self) -> None:
        """Take a number of a tool, and ask for the lines."""
        monitoring, tool = self._monitoring, self._tool
        monitoring.use_tool_id(tool, "lab.stepper")
        monitoring.register_callback(tool, monitoring.events.LINE, self._line)
        monitoring.set_events(tool, monitoring.events.LINE)
        # Lines that an earlier recorder was not interested in may interest this one.
        monitoring.restart_events()

    def run(self, go: Callable[[], None], trail: Trail) -> None:
        """Run a callback, and add its lines to the trail."""
        self._trail = trail
        try:
            go()
        finally:
            self._trail = None

    def stop(self) -> None:
        """Give the number back."""
        monitoring, tool = self._monitoring, self._tool
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)

    def _line(self, code: CodeType, line: int) -> Any:
        file = self._files.number(code.co_filename)
        if file is None or not of_a_function(code):
            return self._monitoring.DISABLE
        if self._trail is not None and len(self._trail) < MOST:
            self._trail.append((file, line))
        return None


class Traced:
    """By ``sys.settrace``."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._trail: Trail = []

    def start(self) -> None:
        """Do nothing: tracing is started for each callback."""

    def run(self, go: Callable[[], None], trail: Trail) -> None:
        """Run a callback, and add its lines to the trail."""
        self._trail = trail
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            go()
        finally:
            sys.settrace(before)

    def stop(self) -> None:
        """Do nothing."""

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        """Return what is told of each line of this call; None for another's code."""
        code = frame.f_code
        file = self._files.number(code.co_filename)
        if file is None or not of_a_function(code):
            return None
        trail = self._trail

        def each(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line" and len(trail) < MOST:
                trail.append((file, frame.f_lineno))
            return each

        return each
