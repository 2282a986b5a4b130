"""The loop itself: a turn, the clock, the signals, and the network that it brings."""

import asyncio
import atexit
import collections
import contextlib
import heapq
import io
import itertools
import math
import random
import signal
import sys
import threading
from asyncio import events
from collections.abc import Callable, Iterator
from contextvars import Context
from functools import partial
from types import ModuleType
from typing import Any, Literal, TypeVar, TypeVarTuple

from lab.network import CAPACITY, Faults, Network
from lab.network.faults import NONE
from lab.outside import outside
from lab.simulation.lacks import THREADS, Lacking
from lab.simulation.order import number_objects
from lab.simulation.watcher import Watcher
from lab.suspended import waits_for

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

TURNS = 100_000  # of the loop without the clock moving: something spins
OUTSIDE = 5.0  # seconds of real time that a thread outside may take to be heard


class Stuck(RuntimeError):
    """Nothing can ever happen again; the text says which task waits for what."""


class Spinning(RuntimeError):
    """The loop turns and time stands still; the text says which tasks there are."""


class Killed(SystemExit):
    """The process was ended by a signal for which there is no handler.

    Its ``code`` is the exit status, such as -15. Nothing tidies up: nothing that ran in
    the loop will ever run again.
    """


# What was left undone when nothing was to run any more. To throw it away would run its
# ``finally``, which is put off until the end of this process, and not heard then.
_UNDONE: list[asyncio.Task[Any]] = []
AWAITS = 100  # in the ``finally`` of one task, at most


@atexit.register
def _throw_away() -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        for task in _UNDONE:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # not public
            task._log_traceback = False
            coroutine = task.get_coro()
            for _ in range(AWAITS):
                with contextlib.suppress(BaseException):
                    if coroutine is not None:
                        coroutine.close()
                    break


class Loop(Lacking):
    """An event loop whose clock moves when everybody waits.

    A loop has two things to go by: ``_ready``, a queue of what is to be called now, and
    ``_later``, a heap of what is to be called at a certain time. Tasks, futures, timers
    and sockets put their callbacks into one of them, and know no more of the loop.

    ``idle`` says what to do when nothing can happen any more: ``"stuck"`` raises Stuck,
    ``"ctrl-c"`` presses Ctrl-C first. What is due later than ``until``, in seconds,
    never happens: Stuck says who waits for it, and nobody tidies up.
    """

    # What looks on at the loops that are made from now on; see ``simulation.watcher``.
    watched_by: Watcher | None = None

    # What asyncio's own base class keeps, for the types.
    _ready: collections.deque[asyncio.Handle]
    _stopping: bool
    _thread_id: int | None
    _asyncgen_firstiter_hook: Callable[[Any], None]
    _asyncgen_finalizer_hook: Callable[[Any], None]

    def __init__(
        self,
        *,
        seed: int = 0,
        faults: Faults = NONE,
        capacity: int = CAPACITY,
        idle: Literal["stuck", "ctrl-c"] = "stuck",
        until: float = math.inf,
    ) -> None:
        super().__init__()
        self.network = Network(
            self, capacity=capacity, faults=faults, chance=random.Random(seed)
        )
        # With a number, since a heap alone keeps no order among equal times.
        self._later: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._now = 0.0
        self.until = until
        self._idle = idle
        self._turns = 0  # since the clock has moved
        self.turn = 0  # the number of the present one
        self._ended: Stuck | Killed | None = None
        self._names = itertools.count(1)
        self.numbers = itertools.count()  # of tasks and timers, in their order
        self._signals: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self._thread = threading.get_ident()
        self._in_executor = False
        self._from_outside = threading.Event()
        self.watchers: list[Watcher] = [self.watched_by] if self.watched_by else []
        self.set_task_factory(_numbered)

    # -- a turn of the loop

    def _run_once(self) -> None:
        """Run everybody who is ready now. If nobody is, it becomes later."""
        if not self._ready:
            self._wait()
        self.turn += 1
        self._turns += 1
        if self._turns > TURNS:
            self._turns = 0  # so that those who spin can be cancelled
            raise Spinning(self._told(f"{TURNS} turns and no time has passed"))
        # Whoever becomes ready meanwhile has to wait for the next turn.
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if self.watchers:
                self._run_watched(handle)
            elif not handle.cancelled():
                handle._run()

    def _run_watched(self, handle: asyncio.Handle) -> None:
        """Run a callback through all watchers, the first one outermost."""
        if handle.cancelled():
            for watcher in self.watchers:
                watcher.skipped(self, handle)
            return
        if isinstance(handle, asyncio.TimerHandle):
            self._timer_handle_cancelled(handle)
        go = handle._run
        for watcher in reversed(self.watchers):
            go = partial(watcher.run, self, handle, go)
        go()

    def _wait(self) -> None:
        """Set the clock to the next time that somebody has asked for."""
        later = self._later
        while later and later[0][2].cancelled():
            heapq.heappop(later)
        if self._stopping:
            return
        if not later:
            self._nothing_to_wait_for()
            return
        if later[0][0] > self.until:
            raise self._end(Stuck(self._told("the time is up")))
        self._now = max(self._now, later[0][0])
        self._turns = 0
        while later and later[0][0] <= self._now:
            self._ready.append(heapq.heappop(later)[2])

    def _nothing_to_wait_for(self) -> None:
        # A thread that was started by what runs here may still have something to say.
        if self.started_threads() and self._from_outside.wait(OUTSIDE):
            self._from_outside.clear()
            return
        if self._idle == "ctrl-c":
            self._idle = "stuck"
            self.interrupt()
        else:
            raise Stuck(self._told("nothing can ever happen again"))

    def run_until_complete(self, future: Any) -> Any:
        """Run until this is done; when all has ended, raise again what has ended it."""
        if self._ended is None:
            return super().run_until_complete(future)
        if asyncio.iscoroutine(future):
            future.close()
        raise self._ended

    def held_up(self, what: str) -> Stuck:
        """End all that runs, because one callback does not; to be raised."""
        self._end(why := Stuck(f"at {self._now:g} s the loop was held up: {what}"))
        return why

    def _end(self, why: Stuck | Killed) -> Stuck | Killed:
        """Let nothing run any more, as if there were no process."""
        self._ended = why
        _UNDONE.extend(asyncio.all_tasks(self))
        self.network.drop()
        return why

    def _told(self, what: str) -> str:
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        lines = [f"\n  {task.get_name()}: {waits_for(task)}" for task in tasks]
        return f"at {self._now:g} s {what}; waiting:{''.join(lines) or ' nobody'}"

    def watch(self, watcher: Watcher) -> None:
        """Let one more watcher look on, outside all that look on already."""
        self.watchers.insert(0, watcher)

    # -- in slices, for a page that goes on with other things in between

    def advance(self, until: float) -> int:
        """Run what is due up to a time of this clock, and return how many turns.

        The clock then shows this time. Between two such calls the loop stands still,
        and whatever calls them is not in it. Raises Spinning as ``run_forever`` does.
        """
        before = self.turn
        while self.take_turn(until):
            pass
        self._now = max(self._now, until)
        return self.turn - before

    def take_turn(self, until: float) -> bool:
        """Run one turn, if something is due up to a time; return whether it was."""
        due = self.due()
        if due is None or due > until:
            return False
        with outside(), self._entered():
            self._run_once()
        return True

    def due(self) -> float | None:
        """Return when the next callback is to run; None if there will be none."""
        if self._ready:
            return self._now
        later = self._later
        while later and later[0][2].cancelled():
            heapq.heappop(later)
        if not later or later[0][0] > self.until:
            return None
        return max(self._now, later[0][0])

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        """Be the running loop of this thread, as ``run_forever`` makes it."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook,
            finalizer=self._asyncgen_finalizer_hook,
        )
        self._thread_id = threading.get_ident()
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(None)
            self._thread_id = None
            sys.set_asyncgen_hooks(*hooks)

    # -- the clock

    def time(self) -> float:
        """Return the seconds since the loop was made, by its own clock."""
        return self._now

    def stand_still(self, seconds: float) -> None:
        """Let so many seconds pass at once, in which nobody runs and nothing arrives.

        So it is when the process is stopped, or its machine sleeps, and goes on: all
        that was due meanwhile happens afterwards, in its order, but at one time.
        """
        self._now += seconds

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at a time of this clock; at the same time, in the order asked."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._later, (when, next(self.numbers), timer))
        for watcher in self.watchers:
            timer._scheduled = True  # type: ignore[attr-defined]  # not public
            watcher.timer_set(self, timer)
        return timer

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """Tell the watchers that a timer is gone; asyncio calls this for ``cancel``."""
        if handle._scheduled:  # and not one that has run already
            handle._scheduled = False
            for watcher in self.watchers:
                watcher.timer_gone(self, handle)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back after so many seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_task(
        self, coro: Any, *, name: object = None, **options: Any
    ) -> asyncio.Task[Any]:
        """Start a task. One without a name gets the next number of this loop."""
        name = name or f"Task-{next(self._names)}"
        return super().create_task(coro, name=name, **options)

    def take_in(self, module: ModuleType) -> None:
        """Keep the sets of a module in order, so that its runs can be had again."""
        number_objects(module, self.numbers)

    @property
    def in_executor(self) -> bool:
        """Whether a function runs here that would run in a thread of an executor."""
        return self._in_executor

    # -- signals

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.deliver(signal.SIGINT)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.deliver(signal.SIGTERM)

    def deliver(self, number: int) -> None:
        """Do what happens when the process gets this signal.

        Raises Killed, or KeyboardInterrupt for Ctrl-C, if nobody handles it.
        """
        if number in self._signals:
            callback, arguments = self._signals[number]
            self.call_soon(callback, *arguments)
            return
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(number)
        else:  # which has no handlers: what a fresh process does
            interrupt = number == signal.SIGINT
            handler = signal.default_int_handler if interrupt else signal.SIG_DFL
        if callable(handler):
            handler(number, None)
        elif handler is not signal.SIG_IGN:
            raise self._end(Killed(-number))

    def add_signal_handler(
        self, sig: int, callback: Callable[[*Ts], object], *args: *Ts
    ) -> None:
        """Call back when the signal comes."""
        self._signals[sig] = callback, args

    def remove_signal_handler(self, sig: int) -> bool:
        """Call back no more; return whether somebody was called."""
        return self._signals.pop(sig, None) is not None

    # -- the network, and what a process has besides

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        """Listen on the network of this loop; see ``lab.network.Network``."""
        return await self.network.create_server(*args, **options)

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect on the network of this loop; see ``lab.network.Network``."""
        return await self.network.create_connection(*args, **options)

    def _start_serving(self, *args: Any) -> None:
        self.network.start_serving(*args)

    def _stop_serving(self, listener: Any) -> None:
        self.network.stop_serving(listener)

    def _write_to_self(self) -> None:
        if self._in_executor or threading.get_ident() != self._thread:
            self.note(THREADS)  # they have no part in the order of things here
        self._from_outside.set()

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        """Return the address itself: there is only one computer."""
        return [(2, 1, 6, "", (host, port))]

    def run_in_executor(
        self, executor: Any, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Call the function at the next turn, and return a future for its result."""
        future: asyncio.Future[T] = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            self._in_executor = True
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)
            finally:
                self._in_executor = False
                for watcher in self.watchers:
                    watcher.ran_in_executor()

        self.call_soon(work)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: there are no threads."""


class _Task(asyncio.Task[T]):
    """A task with a number. Sets of tasks are gone through in the order of hashes.

    The usual hash is where an object lies in memory, which differs from run to run.
    """

    number: int

    def __new__(cls, coro: Any, *, loop: Loop, **_: Any) -> "_Task[T]":
        task = super().__new__(cls)
        task.number = next(loop.numbers)
        return task

    def __hash__(self) -> int:
        return self.number


def _numbered(loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
    make: Callable[[], Any] = partial(_Task[Any], coro, loop=loop, **options)
    for watcher in reversed(loop.watchers):
        make = partial(watcher.make_task, loop, make)
    task: asyncio.Task[Any] = make()
    return task
