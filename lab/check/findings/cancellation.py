"""Finds tasks that swallow a cancellation, wherever they wait.

First it is noted in which lines tasks wait, while the behaviours are gone through. Then
for each such place a behaviour is gone through again, up to there. The task is
cancelled, and must end as cancelled: its clients stay as they are, and say no more.
"""

import asyncio
import sys
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab import simulation
from lab.behaviours import Behaviour
from lab.behaviours.bench import Bench
from lab.check.findings import handlers
from lab.check.findings.finding import Kind
from lab.check.findings.looking_on import Watching, current
from lab.check.program import CannotStart
from lab.check.subjects import REPLY, Subject
from lab.simulation import Loop, Spinning, Stuck, Watcher
from lab.unmet import Unmet

TASKS = 40  # of one run, at most, that are looked at: the others are like them
WAITS = 200  # of one task: the same
PATIENCE = 10.0  # seconds of the simulation's clock for a task to end
A_MOMENT = 1e-6  # seconds that a drain takes here, so that a task waits there, too
GOES_ON, ENDS = "goes on", "ends"

Line = tuple[str, str, int]  # a function, its file, and the line in which it waits
Place = tuple[Line, ...]  # the own functions that wait for each other, innermost last


@dataclass(frozen=True)
class Wait:
    """A place where a task waited, in the run of a behaviour."""

    behaviour: Behaviour
    task: int  # the number of the task in that run
    place: Place
    in_wait_for: bool  # that of Python 3.11, which may lose a cancellation itself


class Waits(Watcher):
    """Looks on at where the tasks of own code wait."""

    def __init__(
        self, watching: Watching, met: Callable[[int, Any, Place], None]
    ) -> None:
        self.watching, self.met = watching, met
        self._numbers: dict[Any, int] = {}
        self._last: dict[Any, Any] = {}  # for which future each waited
        self._left: dict[Any, int] = {}

    def run(self, loop: Any, handle: Any, go: Callable[[], None]) -> None:
        """Run a callback, and see where its task waits afterwards."""
        task = getattr(handle._callback, "__self__", None)
        self.watching.run(loop, handle, go)
        if isinstance(task, asyncio.Task) and task in self._numbers:
            self._look(task)

    def make_task(self, loop: Any, make: Callable[[], Any]) -> Any:
        """Return the task that ``make`` makes, and give it a number if it is own."""
        task = make()
        code = getattr(task.get_coro(), "cr_code", None)
        if (
            code is not None
            and code.co_name != "main"
            and len(self._numbers) < TASKS
            and self.watching.own.has(code)
        ):
            self._numbers[task] = len(self._numbers)
            self._left[task] = WAITS
        return task

    def ran_in_executor(self) -> None:
        """Take note that the callback that runs is the work of an executor."""
        self.watching.ran_in_executor()

    def _look(self, task: Any) -> None:
        waiter = task._fut_waiter
        if waiter is None or waiter is self._last.get(task) or not self._left[task]:
            return
        self._left[task] -= 1
        self._last[task] = waiter
        if isinstance(waiter, asyncio.Task) and waiter.cancelling():
            return  # it waits for the end of one that it has cancelled itself
        place = self._place(task.get_coro())
        if place:
            self.met(self._numbers[task], task, place)

    def _place(self, link: Any) -> Place:
        lines: list[Line] = []
        while link is not None:
            frame = getattr(link, "cr_frame", None)
            if frame is not None and self.watching.own.has(frame.f_code):
                code = frame.f_code
                lines.append((code.co_name, code.co_filename, frame.f_lineno))
            link = getattr(link, "cr_await", None)
        return tuple(lines)


def look_for_swallowed(subject: Subject, candidates: Sequence[Behaviour]) -> None:
    """Cancel the tasks of a server wherever they wait, and add what swallows that.

    To be called within ``watching``, for a subject that starts in the simulation.
    """
    watching = current()
    assert watching is not None, "a watcher is needed"
    if watching.holding.too_slow:
        return  # it has something else to mend first
    behaviours = [b for b in candidates if not b.of_framing and b.needs != "exit"]
    with _drains_that_wait():
        for wait in _all_waits(subject, behaviours, watching):
            if watching.found.over:
                return
            ended = _cancelled_there(subject, wait, watching, nth=1)
            # It has to be the same at another time, if there is one.
            if ended and _cancelled_there(subject, wait, watching, nth=2) != "":
                _add(watching, wait, ended)


def _all_waits(
    subject: Subject, candidates: Sequence[Behaviour], watching: Watching
) -> list[Wait]:
    """Go through the behaviours, and return each place once."""
    found: dict[Place, Wait] = {}
    for behaviour in candidates:

        def met(
            number: int, task: Any, place: Place, of: Behaviour = behaviour
        ) -> None:
            loses = _is_in_wait_for(task.get_coro())
            found.setdefault(place, Wait(of, number, place, loses))

        with _watched_by(Waits(watching, met)):
            _run(_gone_through(subject, behaviour))
        if watching.found.over:
            break
    # Of the same line, once is enough, however it was come by.
    return list({wait.place[-1]: wait for wait in found.values()}.values())


def _is_in_wait_for(link: Any) -> bool:
    """Whether a coroutine waits in wait_for, where that may lose a cancellation.

    Up to Python 3.11 it returns what it has waited for if that is done in the turn of
    the loop in which it is cancelled.
    """
    if sys.version_info >= (3, 12):
        return False
    code = asyncio.wait_for.__code__
    while link is not None:
        if getattr(link, "cr_code", None) is code:
            return True
        link = getattr(link, "cr_await", None)
    return False


async def _gone_through(subject: Subject, behaviour: Behaviour) -> None:
    server = await subject.start(behaviour.settings)
    async with Bench(server, timeout=REPLY) as bench:
        await _tried(behaviour, bench)


async def _tried(behaviour: Behaviour, bench: Bench) -> None:
    try:
        async with asyncio.timeout(7200):
            await behaviour.run(bench)
    except CancelledError:
        raise
    except Exception:
        pass  # that has been judged already


def _cancelled_there(
    subject: Subject, wait: Wait, watching: Watching, nth: int
) -> str | None:
    """Cancel the task when it waits there for the nth time; how it took that.

    GOES_ON or ENDS, or nothing if it ended as cancelled; None if it never got there.
    """
    hit: list[Any] = []
    ended: list[str] = []
    there = asyncio.Event()
    times = 0

    def met(number: int, task: Any, place: Place) -> None:
        nonlocal times
        if (number, place) == (wait.task, wait.place) and not hit:
            times += 1
            if times == nth:
                hit.append(task)
                task.cancel()
                there.set()

    with _watched_by(Waits(watching, met)):
        spun = _run(_up_to(subject, wait.behaviour, there, hit, ended))
    if not hit:
        return None
    return ended[0] if ended else GOES_ON if spun else ""


async def _up_to(
    subject: Subject,
    behaviour: Behaviour,
    there: asyncio.Event,
    hit: list[Any],
    ended: list[str],
) -> None:
    """Go through a behaviour until a task is hit, and note how that ends."""
    server = await subject.start(behaviour.settings)
    bench = Bench(server, timeout=REPLY)
    both = {
        asyncio.create_task(_tried(behaviour, bench)),
        asyncio.create_task(there.wait()),
    }
    try:
        await asyncio.wait(both, return_when="FIRST_COMPLETED")
        for task in both:
            task.cancel()
        await asyncio.wait(both)
        if hit:
            await asyncio.wait({hit[0]}, timeout=PATIENCE)
            ended.append(_how_it_ended(hit[0]))
    finally:
        await server.stop()


def _how_it_ended(task: asyncio.Task[Any]) -> str:
    """Return GOES_ON or ENDS; nothing if it was cancelled, or fails with a reason."""
    if not task.done():
        return GOES_ON
    return "" if task.cancelled() or task.exception() is not None else ENDS


def _run(going: Any) -> bool:
    """Run something in the simulation; whether the loop could not go on."""
    try:
        simulation.run(going)
    except (Stuck, Spinning):
        return True
    except (CannotStart, Unmet, OSError):
        pass
    return False


@contextmanager
def _watched_by(watcher: Any) -> Iterator[None]:
    before, Loop.watched_by = Loop.watched_by, watcher
    try:
        yield
    finally:
        Loop.watched_by = before


@contextmanager
def _drains_that_wait() -> Iterator[None]:
    """Let each drain wait for a moment, as it does when a client reads slowly."""
    protocol: Any = asyncio.streams.FlowControlMixin  # whose part this is, is private
    before = protocol._drain_helper

    async def drain(self: Any) -> None:
        await asyncio.sleep(A_MOMENT)
        await before(self)

    protocol._drain_helper = drain
    try:
        yield
    finally:
        protocol._drain_helper = before


def _add(watching: Watching, wait: Wait, ended: str) -> None:
    """Add a finding: at what swallows it if that can be seen, else where it waits."""
    place = wait.place
    around = ((file, handlers.around(file, line)) for _, file, line in reversed(place))
    found = (each for each in around if each[1] is not None)
    task, (_, file, line) = place[0][0], place[-1]
    file, catcher = next(found, (file, None))
    if catcher is None and wait.in_wait_for:
        return
    how = "goes on" if ended == GOES_ON else "ends as if it had done its work"
    kind: Kind = (
        "goes on when cancelled" if ended == GOES_ON else "hides that it was cancelled"
    )
    what = "something here swallows that, or a finally waits without end"
    instead = "let CancelledError pass, and set a deadline"
    if catcher is not None:
        line, instead = catcher.line, catcher.instead
        what = f"{catcher.what} swallows that"
        kind = "bare except" if catcher.bare else kind
    words = f"a task of {task} that is cancelled {how}: {what}; {instead}"
    watching.found.add(kind, file, line, words)
