"""Notes which task ran when, what it waited for, and who woke it.

Each task gets its coroutine in a wrapper that notes every step, from where a task goes
on to where it waits again; asyncio knows nothing of it, and neither does the task.

A task is woken when the future that it awaits is done. So that future is looked at
before and after every step: what became done in between is the work of the task that
ran. What became done at another time is the work of the clock, of the network, or of
something that is not recorded, as the task that opened the block is.
"""

import asyncio
import sys
import weakref
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

from lab.suspended import Wait, as_task, given_name, label, look

MOST_TASKS = 2_000  # recorded; those created later run as they would without us
MOST_STEPS = 50_000  # recorded of all tasks together: some 20 MB
WATCHED = 64  # tasks that wait at one time, of which it is noted who wakes them

Factory = Callable[..., Any]

_ENDS = {StopIteration: "done", asyncio.CancelledError: "cancelled"}


@dataclass(slots=True, eq=False)
class Step:
    """One step of a task: from where it goes on to where it waits again."""

    lane: "Lane"
    turn: int  # its number among the steps of all tasks, from 1
    start: float  # seconds on the loop's clock
    woken_by: "Lane | str"  # a task, or words; empty where nobody looked
    cause: "Step | None"  # the step of that task, if it was in one
    end: float = 0.0
    outcome: str = ""  # "done", "cancelled", the name of an exception; empty: it waits
    wait: Wait | None = None

    def then(self) -> str:
        """Return in words what became of the task."""
        if not self.outcome:
            return f"waits for {self.wait}" if self.wait else "waits"
        ends = self.outcome in ("done", "cancelled")
        return f"is {self.outcome}" if ends else f"fails: {self.outcome}"


@dataclass(slots=True, eq=False)
class Lane:
    """One task, as it was seen."""

    name: str
    born: float  # seconds on the loop's clock
    turns_before: int  # taken by all tasks before it was created
    private: bool  # an inner affair of asyncio or the lab, unless somebody named it
    woken_by: "Lane | str"  # for the next step: as in Step
    cause: Step | None
    steps: list[Step] = field(default_factory=list)
    # Weak: a task that nobody holds must go on being lost, recorded or not.
    task: "weakref.ref[asyncio.Task[Any]] | None" = None

    def note_name(self) -> None:
        """Read the name of the task: Python 3.11 gives it after the factory is done."""
        if self.task is not None and (task := self.task()) is not None:
            given = given_name(task)
            self.name = given or self.name
            self.private = self.private and not given

    @property
    def ended(self) -> bool:
        """Whether the task has come to its end."""
        return bool(self.steps and self.steps[-1].outcome)


class _Traced(Coroutine[Any, Any, Any]):
    """A coroutine that tells a recorder of each of its steps."""

    __slots__ = ("__weakref__", "coroutine", "lane", "recorder")

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], recorder: "Recorder", lane: Lane
    ) -> None:
        self.coroutine = coroutine
        self.recorder = recorder
        self.lane = lane

    def __getattr__(self, name: str) -> Any:
        # cr_frame, cr_await, __name__ ...: what print_stack and repr look for
        return getattr(self.coroutine, name)

    def __await__(self) -> Any:
        return self.coroutine.__await__()

    def send(self, value: Any) -> Any:
        return self._advance(self.coroutine.send, value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:
        if value is None and traceback is None:  # the others are on their way out
            return self._advance(self.coroutine.throw, error)
        return self._advance(self.coroutine.throw, error, value, traceback)

    def close(self) -> None:
        self.coroutine.close()

    def _advance(self, method: Callable[..., Any], *arguments: Any) -> Any:
        recorder = self.recorder
        if not recorder.recording:
            return method(*arguments)
        step = recorder._begin(self.lane)
        try:
            future = method(*arguments)
        except BaseException as error:
            recorder._end(step, error)
            raise
        recorder._pause(step, self.coroutine, future)
        return future


class Recorder:
    """Records the tasks that are created in its block; RuntimeError without a loop."""

    def __init__(self) -> None:
        self.recording = False
        self.lanes: list[Lane] = []  # in the order in which they were created
        self.missed_tasks = self.missed_steps = 0  # beyond what is recorded
        self.began = self.ended = 0.0  # seconds on the loop's clock
        self._turns = 0
        self._running: list[Step] = []  # one, or more where a task starts eagerly
        self._calling: Step | None = None  # the last step of a task whose callbacks run
        # What those wait for who wait; weak for the same reason as the tasks.
        self._waiting: dict[Lane, weakref.ref[asyncio.Future[Any]]] = {}

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._inner: Factory | None = self._loop.get_task_factory()
        self._factory: Factory = self._create  # one object, to be known again
        _mend_pyodide()
        self._loop.set_task_factory(self._factory)
        self.began = self.now()
        self.recording = True
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = self.now()
        self.recording = False
        for lane in self.lanes:
            lane.note_name()
            lane.task = None
        self._waiting.clear()
        # Whoever has come after us may go on calling ours; it does nothing now.
        if self._loop.get_task_factory() is self._factory:
            self._loop.set_task_factory(self._before())

    def _before(self) -> Factory | None:
        """Return the factory before ours, passing over recorders that have ended."""
        factory = self._inner
        while (
            isinstance(other := getattr(factory, "__self__", None), Recorder)
            and not other.recording
        ):
            factory = other._inner
        return factory

    def _create(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
        """Make a task; asyncio calls this for each."""
        make = self._before() or _plain_task
        if not self.recording or not asyncio.iscoroutine(coro):
            return make(loop, coro, **more)
        if len(self.lanes) >= MOST_TASKS:
            self.missed_tasks += 1
            return make(loop, coro, **more)
        cause = self._running[-1] if self._running else None
        name = getattr(coro, "__name__", type(coro).__name__)
        starter = cause.lane if cause else ""
        lane = Lane(name, self.now(), self._turns, _private(coro), starter, cause)
        self.lanes.append(lane)
        task = make(loop, _Traced(coro, self, lane), **more)
        lane.task = weakref.ref(task)
        return task

    # What the wrapper calls.

    def _begin(self, lane: Lane) -> Step:
        """Note that a task goes on."""
        self._look_who_woke(self._running[-1] if self._running else self._calling)
        self._waiting.pop(lane, None)
        self._turns += 1
        step = Step(lane, self._turns, self.now(), lane.woken_by, lane.cause)
        lane.woken_by, lane.cause = "", None
        if self._turns <= MOST_STEPS:
            lane.steps.append(step)
        self._running.append(step)
        return step

    def _pause(self, step: Step, coroutine: object, future: Any) -> None:
        """Note that a task waits."""
        self._stop(step)
        if step.turn > MOST_STEPS:
            self.missed_steps += 1
            return
        lane = step.lane
        step.wait = look(coroutine, future)
        if future is not None and len(self._waiting) < WATCHED:
            self._waiting[lane] = weakref.ref(future)

    def _end(self, step: Step, error: BaseException) -> None:
        """Note that a task has ended."""
        self._stop(step)
        step.outcome = _ENDS.get(type(error), type(error).__name__)
        lane = step.lane
        if step.turn > MOST_STEPS:
            lane.steps.append(step)  # or it would seem to wait for ever
        task = asyncio.current_task(self._loop)
        assert task is not None, "only a task takes steps"
        # A TaskGroup, gather and wait have the callbacks of a task wake who waits for
        # it. They will all run in one go, this one before them ...
        self._loop.call_soon(self._before_callbacks, step)
        # ... and this one after them, for no other can be added to a task so late.
        task.add_done_callback(lambda _: self._after_callbacks(step))
        lane.task = weakref.ref(task)  # a task that starts eagerly may have none yet
        lane.note_name()

    def _before_callbacks(self, step: Step) -> None:
        self._look_who_woke(None)
        self._calling = step

    def _after_callbacks(self, step: Step) -> None:
        self._look_who_woke(step)
        self._calling = None

    def _stop(self, step: Step) -> None:
        step.end = self.now()
        self._running.pop()
        self._look_who_woke(step)

    def _look_who_woke(self, step: Step | None) -> None:
        """Put down to this step, or to none, what has become done since the last look.

        Every step looks twice, so that what it finds at its end is its own work.
        """
        for lane, waits_for in list(self._waiting.items()):
            future = waits_for()
            if future is None or future.done():
                del self._waiting[lane]  # without a future the task is no more
                if future is not None:
                    lane.woken_by, lane.cause = self._waker(lane, future, step)

    def _waker(
        self, lane: Lane, future: asyncio.Future[Any], step: Step | None
    ) -> tuple[Lane | str, Step | None]:
        """Return who has made a future done, and in which of its steps."""
        if (task := as_task(future)) is not None:
            other = _lane(task.get_coro(), self)
            if other is None:
                return f"task {label(task)!r}", None
            return other, other.steps[-1] if other.steps else None
        if step is not None:
            return step.lane, step
        if future.cancelled():
            return "a cancellation", None
        wait = lane.steps[-1].wait
        return _outside(wait.what if wait else ""), None


def _plain_task(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
    return asyncio.Task(coro, loop=loop, **more)


def _private(coroutine: Any) -> bool:
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None or not frame.f_code.co_name.startswith("_"):
        return False
    return str(frame.f_globals.get("__name__", "")).startswith(("asyncio.", "lab."))


def _lane(coroutine: object, recorder: Recorder) -> Lane | None:
    """Return the lane of a task; another recorder may have wrapped it, too."""
    while isinstance(coroutine, _Traced):
        if coroutine.recorder is recorder:
            return coroutine.lane
        coroutine = coroutine.coroutine
    return None


def _outside(what: str) -> str:
    """Return who makes such a thing happen when no task that is recorded does."""
    if what == "sleep":
        return "the clock"
    network = ("Stream", "Server.", "open_connection", "start_server")
    return "the network" if what.startswith(network) else "something not recorded"


def _mend_pyodide() -> None:
    """Give Pyodide's loop what it calls after a factory and asyncio 3.14 has lost."""
    if sys.platform == "emscripten" and not hasattr(asyncio.tasks, "_set_task_name"):
        asyncio.tasks._set_task_name = _set_task_name  # type: ignore[attr-defined]  # not public


def _set_task_name(task: asyncio.Task[Any], name: str | None) -> None:
    if name is not None:
        task.set_name(name)
