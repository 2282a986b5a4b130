"""Runs something in the simulation, wherever it is called from."""

import asyncio
import itertools
import signal
import threading
from asyncio import events
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from lab.outside import outside
from lab.simulation.loop import Loop, Spinning, Stuck

T = TypeVar("T")
OTHER_LOOP = "loop of another kind"


def run(
    main: Coroutine[Any, Any, T],
    *,
    debug: bool | None = None,
    loop_factory: Callable[..., Loop] = Loop,
    **options: Any,
) -> T:
    """Run a coroutine to its end, as asyncio.run does, and return what it returns.

    Options are those of Loop. Raises what the coroutine raises, and Stuck or Spinning.
    """
    make = partial(loop_factory, **options)
    try:
        with (
            outside(),
            own_signals(),
            asyncio.Runner(debug=debug, loop_factory=make) as runner,
        ):
            return runner.run(main)
    except (Stuck, Spinning) as error:
        # The traceback would point into our loop; the message is what helps.
        raise error.with_traceback(None) from None


@contextmanager
def simulated(loop: Loop | None = None, **options: Any) -> Iterator[None]:
    """Let ``asyncio.run`` and ``asyncio.Runner`` mean a simulation in this block.

    So a program runs unmodified, the ``run_path`` of ``runpy`` included. ``loop`` is to
    be used for the first of them; all others get one with these options.
    """
    loops = itertools.chain([loop] if loop else [], iter(lambda: Loop(**options), None))
    running = events._get_running_loop()
    before, events.new_event_loop = events.new_event_loop, lambda: next(loops)
    try:
        with outside(), own_signals(), _no_other_loops(loop):
            yield
    finally:
        events.new_event_loop = before
        if running is not None:  # asyncio.run has left the thread without a loop
            asyncio.set_event_loop(running)


@contextmanager
def _no_other_loops(noting: Loop | None) -> Iterator[None]:
    """Let a runner refuse a loop that is not simulated, as uvloop.run asks for one."""
    before = asyncio.Runner.__init__

    def begin(
        self: asyncio.Runner, *, loop_factory: Any = None, **options: Any
    ) -> None:
        def simulated_loop() -> Any:
            made = loop_factory()
            if isinstance(made, Loop):
                return made
            made.close()
            if noting is not None:
                noting.note(OTHER_LOOP)
            raise NotImplementedError(f"the simulation has no {OTHER_LOOP}")

        factory = None if loop_factory is None else simulated_loop
        before(self, loop_factory=factory, **options)

    asyncio.Runner.__init__ = begin  # type: ignore[method-assign]
    try:
        yield
    finally:
        asyncio.Runner.__init__ = before  # type: ignore[method-assign]


@contextmanager
def own_signals() -> Iterator[None]:
    """Let what runs here have the handlers of a fresh process, and give ours back."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    fresh: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    if hasattr(signal, "SIGHUP"):  # Windows has none
        fresh[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, fresh[number]) for number in fresh}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
