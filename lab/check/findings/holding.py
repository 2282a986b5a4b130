"""Finds callbacks that hold the event loop for long, whatever it is that they do.

How long a callback takes says little: the machine may have had other things to do. So
its time is taken apart. What the processor did for this thread is computing. What the
kernel says it kept the thread waiting for a processor is not its fault. The rest,
the thread waited itself, for something that asyncio does not know.

A timer looks every few milliseconds in which line it is, and ends a callback that has
taken two seconds: a batch of messages would take minutes otherwise.
"""

import collections
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from lab.behaviours import Behaviour
from lab.check.findings.finding import Found
from lab.check.findings.whose import Own
from lab.simulation.lacks import THREADS

LIMIT = 2.0  # seconds that a callback may take; then the judgement ends
OF_THREADS = 5.0  # seconds that the work of executors may take, in all
LOOKS = 0.02  # seconds from one look at what runs to the next
AGAIN = 0.2  # seconds until a callback that goes on is ended once more
FRESH = 0.005  # seconds for which it is known what the kernel said
WAITS = 0.1  # seconds that a callback may wait; right ones were seen to take 0.022
UNSURE = 1.0  # seconds, twice, where the kernel does not say what it waited for
COMPUTES = 0.2  # seconds of computing that are too little to be looked at
MORE = 10  # times as long as our own step computes

Place = tuple[str, int]  # a file and a line
MostOf = Callable[[Behaviour], float]  # seconds, of our own step


class HeldUp(SystemExit):
    """Raised within a callback that has taken too long; not to be caught by it.

    Of the exceptions that end a program, which a loop passes on and does not report.
    """


class Kernel(NamedTuple):
    """What the kernel says of this thread, so far."""

    queued: float  # seconds that it waited for a processor
    gave_way: int  # how often it waited of its own accord
    faults: int  # how often it waited for memory to be read from a disk


class Holding:
    """Runs callbacks, and takes the time of each. ``most_of`` is of our own step."""

    def __init__(self, found: Found, own: Own, most_of: MostOf) -> None:
        self.found, self.own, self.most_of = found, own, most_of
        self._loop: Any = None
        self._began = 0.0  # when the callback that runs did; 0 for none
        self._places: collections.Counter[Place] = collections.Counter()
        self._read = -1.0  # when the kernel was asked
        self._kernel: Kernel | None = None
        self._in_executor = False
        self._suspects: set[Place] = set()
        self._heavy: dict[Place, float] = {}  # seconds of computing
        self._schedstat = _schedstat()
        self._traced = False
        self._raised = 0.0  # when HeldUp was
        self._in_threads = 0.0  # seconds, of all that ran in executors
        self.too_slow = False  # to be gone through once more

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look every few milliseconds at what runs, where there is a timer."""
        main = threading.current_thread() is threading.main_thread()
        if not main or not hasattr(signal, "setitimer") or sys.platform == "emscripten":
            yield
            return
        before = signal.signal(signal.SIGALRM, self._look)
        timer = signal.setitimer(signal.ITIMER_REAL, LOOKS, LOOKS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            signal.setitimer(signal.ITIMER_REAL, *timer)  # as good as it can be had
            if self._schedstat is not None:
                os.close(self._schedstat)

    def run(self, loop: Any, go: Callable[[], None]) -> None:
        """Run a callback; Stuck if it holds up the loop, or another one did."""
        if sys.platform == "emscripten":
            go()  # a page has no clock that tells computing from waiting
            return
        outer = self._loop, self._began, self._places, self._in_executor
        began = time.perf_counter()
        if began - self._read > FRESH:
            self._kernel, self._read = self._asked(), began
        kernel, computed = self._kernel, time.thread_time()
        self._loop, self._began, self._in_executor = loop, began, False
        if self._places:
            self._places = collections.Counter()
        try:
            go()
        except HeldUp:
            pass  # it is told below; a task keeps it for itself
        finally:
            places, in_executor = self._places, self._in_executor
            self._loop, self._began, self._places, self._in_executor = outer
            if self._traced:
                self._traced = False
                sys.settrace(None)
        took = time.perf_counter() - began
        if in_executor:
            self._in_threads += took
            if self._in_threads > OF_THREADS:
                self._no_threads()
        elif took > LOOKS and places:
            place = places.most_common(1)[0][0]
            self._take_apart(place, took, time.thread_time() - computed, kernel)
        if self.found.over:
            raise loop.held_up(self.found.over)

    def in_executor(self) -> None:
        """Take note that the callback that runs is the work of an executor."""
        self._in_executor = True

    def judged(self, behaviour: Behaviour) -> None:
        """Compare what has computed for long with our own step, and forget it."""
        heavy, self._heavy = self._heavy, {}
        if not heavy or behaviour.of_framing:
            return
        ours = self.most_of(behaviour)
        for (file, line), seconds in heavy.items():
            if seconds > MORE * ours:
                words = (
                    f"this computes for {seconds:.2f} s in one go, our step for "
                    f"{ours:.2f} s, and every client waits; do less, or use await "
                    "asyncio.to_thread"
                )
                self.found.add("computes for long", file, line, words)
                self.too_slow = True

    def _look(self, _: int, frame: FrameType | None) -> None:
        """Note where the callback is; end it if it has taken too long."""
        took = time.perf_counter() - self._began
        if not self._began or took < LOOKS:
            return
        if self._loop.in_executor:
            if took > LIMIT:
                self._no_threads()
                raise HeldUp
            return
        own = self.own.innermost(frame)
        if own is None:
            return
        place = own.f_code.co_filename, own.f_lineno
        self._places[place] += 1
        if took > LIMIT and took - self._queued_since(self._kernel) > LIMIT:
            self._give_up(self._places.most_common(1)[0][0])
            self._raise_in(own)

    def _raise_in(self, frame: FrameType) -> None:
        """Raise HeldUp, unless that was a moment ago, and once more in an own line.

        If code that catches everything has caught the first one, that is its handler.
        A moment later it may be Python itself that tells of one, where none is heeded.
        """
        if time.perf_counter() - self._raised < AGAIN:
            return
        self._raised = time.perf_counter()

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line" and self._began and self.own.has(frame.f_code):
                raise HeldUp  # which ends the tracing, too
            return trace

        self._traced = True
        sys.settrace(trace)
        each: FrameType | None = frame
        while each is not None:
            if self.own.has(each.f_code):
                each.f_trace = trace
            each = each.f_back
        raise HeldUp

    def _give_up(self, place: Place) -> None:
        file, line = place
        words = (
            f"this holds up the event loop for {LIMIT:g} s and more, and every client "
            "waits; use an await that does the same, or await asyncio.to_thread"
        )
        where = f"line {line} of {os.path.basename(file)}"
        self.found.over = f"{where} holds up the event loop for {LIMIT:g} s"
        self.found.add("blocks the loop", file, line, words)

    def _no_threads(self) -> None:
        """End the judgement: the work of threads takes its time, and is done here.

        It may even wait for the loop, which waits for it here.
        """
        self.found.over = f"the simulation has no {THREADS}, and they take long"

    def _take_apart(
        self, place: Place, took: float, computed: float, before: Kernel | None
    ) -> None:
        """Judge a callback by what it did in the seconds that it took."""
        if computed > COMPUTES:
            self._heavy[place] = max(computed, self._heavy.get(place, 0.0))
        waited = took - computed - self._queued_since(before)
        if not self._of_its_own_accord(place, waited, before):
            return
        words = (
            f"this waits for {waited:.1f} s, for something that asyncio does not know, "
            "and every client waits; use what asyncio has for it, or await "
            "asyncio.to_thread"
        )
        self.found.add("blocks the loop", *place, words)

    def _of_its_own_accord(
        self, place: Place, waited: float, before: Kernel | None
    ) -> bool:
        if before is not None:
            now = self._asked()
            assert now is not None, "it was there before"
            gave_way = now.gave_way > before.gave_way and now.faults == before.faults
            return waited > WAITS and gave_way
        if waited < UNSURE:
            return False
        seen = place in self._suspects
        self._suspects.add(place)
        return seen

    def _queued_since(self, before: Kernel | None) -> float:
        now = None if before is None else self._asked()
        return 0.0 if now is None or before is None else now.queued - before.queued

    def _asked(self) -> Kernel | None:
        """Ask the kernel; None where it has no answer."""
        if self._schedstat is None:
            return None
        import resource  # there is none on Windows, and no schedstat either

        queued = int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9
        usage = resource.getrusage(resource.RUSAGE_THREAD)
        return Kernel(queued, usage.ru_nvcsw, usage.ru_majflt)


def _schedstat() -> int | None:
    """Open what Linux says of this thread; None on other systems."""
    if sys.platform != "linux":
        return None
    name = f"/proc/self/task/{threading.get_native_id()}/schedstat"
    try:
        file = os.open(name, os.O_RDONLY)
    except OSError:
        return None
    if not os.pread(file, 100, 0).strip():
        os.close(file)
        return None
    return file
