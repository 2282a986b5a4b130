"""Runs a step in the loop that is running already."""

import asyncio
import builtins
import errno
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar, copy_context
from functools import partial
from types import ModuleType
from typing import Any

from lab import parsing
from lab.host.entry import main_of, run_of
from lab.host.imports import Imports, own_modules
from lab.host.loading import load, startable
from lab.host.running import CANCELLED, TIMEOUT, Running, Transcript
from lab.host.starting import as_started
from lab.story import STEPS, Step
from lab.unmet import Unmet

# Whose code runs. What a server starts, tasks and callbacks, has the context of its
# main, and so this also tells in a module that several servers share.
_current: ContextVar["InLoop"] = ContextVar("_current")


def _print(*values: object, default: "InLoop | None" = None, **options: Any) -> None:
    """Print as the server does whose code runs."""
    running = _current.get(default)
    printing = builtins.print if running is None else running.print
    printing(*values, **options)


class _Complaints:
    """What a loop is told of exceptions that nobody asked for: of steps, and of others.

    It stays when a step has ended: up to Python 3.11 asyncio complains of a client's
    task when it happens to be collected, and that may be long afterwards.
    """

    KEPT = "__errors__"  # in a step's module: where complaints about it go

    def __init__(self, before: Any) -> None:
        self.before = before

    def __call__(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        error = context.get("exception")
        errors = None if error is None else self.kept(error)
        if errors is None and _current.get(None) is not None:
            errors = _current.get().errors  # it came through shared modules only
        if error is not None and errors is not None:
            errors.add(parsing.told(error))
        elif self.before is not None:
            self.before(loop, context)
        else:
            loop.default_exception_handler(context)

    def kept(self, error: BaseException) -> Transcript | None:
        """Return where complaints go about the step that the exception came through."""
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if self.KEPT in frame.f_globals:
                errors: Transcript = frame.f_globals[self.KEPT]
                return errors
        return self.kept(error.__context__) if error.__context__ is not None else None


class _Globals:
    """What a step keeps in its module: ``rooms`` is its ROOMS."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name.upper())


class InLoop(Running):
    """A step that runs in the loop that was running already.

    ``module`` is that of another server, if this one shares it.
    """

    def __init__(
        self,
        step: Step,
        settings: Mapping[str, str],
        module: ModuleType | None = None,
    ) -> None:
        super().__init__(step)
        self.module = module or load(step, settings)
        self._shares_module = module is not None
        self.print: Callable[..., None] = self.transcript.print
        self._take_over_prints()
        self._main: asyncio.Task[None] | None = None
        self._state: Any = None
        self._before_clients: set[asyncio.Task[Any]] = set()

    @property
    def main(self) -> asyncio.Task[None]:
        """The task of ``main``, to be cancelled by whoever wants to see how it ends."""
        assert self._main is not None, "it has begun"
        return self._main

    @property
    def state(self) -> Any:
        """What the server knows of its clients: ``rooms``, ``clients``, ``names``, ...

        It is the object that ``main`` keeps it in; up to server12, which has none,
        ``rooms`` stands for the module's ROOMS, and so on.
        """
        assert self._state is not None, "it has begun"
        return self._state

    async def another(self) -> "InLoop":
        """Start a second server of the same module, which is to be stopped first."""
        self._shares_module = True
        second = type(self)(self.step, {}, self.module)
        await second.begin(0)
        return second

    async def begin(self, port: int) -> None:
        """Start ``main`` and wait until it listens, if this step does.

        Raises what ``main`` raises, such as OSError if the port is in use, and OSError
        if it ends instead.
        """
        self._take_over_errors()
        take_in = getattr(asyncio.get_running_loop(), "take_in", None)
        if take_in is not None:  # a simulation's
            for module in self._modules():
                take_in(module)
        main = main_of(self.module, self.step, port=port)
        context = copy_context()
        context.run(_current.set, self)
        with as_started(self.step.path):
            self._main = asyncio.create_task(main, name=self.step.name, context=context)
            line = asyncio.create_task(self._first_line())
            await asyncio.wait({self._main, line}, return_when="FIRST_COMPLETED")
        if self._main.done():
            line.cancel()
            await asyncio.wait({line})
            self._main.result()
            if line.cancelled():
                raise OSError(f"{self.step.name} ended at once")
        self._note_address(await line)
        frame = getattr(main, "cr_frame", None)  # None, when main is over already
        local = {} if frame is None else frame.f_locals
        self._state = self._found_state(local)
        self._before_clients = self.tasks()

    async def cancel_main(self, timeout: float = TIMEOUT) -> int:
        """Cancel ``main``, and return what the exit status of a program would be.

        Unmet if it does not end in so many seconds.
        """
        self.main.cancel()
        _, late = await asyncio.wait({self.main}, timeout=timeout)
        if late:
            got = f"one that still runs after {timeout:g} s"
            raise Unmet("a process that ends", got)
        await self._end(self.tasks(), cancel=True)  # as asyncio.run does
        if self.main.cancelled() or (error := self.main.exception()) is None:
            return 0
        self.errors.add(parsing.told(error))
        return 1

    async def lose_output(self) -> None:
        """Let every print fail, as if its reader had gone."""
        self.print = _print_to_nobody

    async def stop(self) -> None:
        """End the clients, then the step, in bounded time."""
        ours = bool(self._clients)
        await super().stop()
        if ours:  # what attended to them ends by itself; for others nobody knows
            await self._end(self.tasks() - self._before_clients, cancel=False)
        if self._main is not None:
            # A step that says goodbye gives its clients some time for that.
            timeout = TIMEOUT if run_of(self.module) else CANCELLED
            await self._end({self._main}, cancel=True, timeout=timeout)
            # Somebody else's connection may have held it up: see the module's text.
            await self._end(self.tasks(), cancel=True)
        sys.modules.pop(self.module.__name__, None)

    def _take_over_prints(self) -> None:
        """Keep what the step and the modules that it shares with others print."""
        vars(self.module)["print"] = partial(_print, default=self)
        for module in _shared(self.step):
            vars(module).setdefault("print", _print)
        own = {"print": partial(_print, default=self), _Complaints.KEPT: self.errors}
        if (imports := vars(self.module).get(Imports.KEPT)) is not None:
            imports.given |= own  # for what is imported later, within a function
        for module in own_modules(self.module).values():
            vars(module).setdefault("print", own["print"])

    def _modules(self) -> list[ModuleType]:
        """Return the module of the step, and those that it shares with no other."""
        return [self.module, *own_modules(self.module).values()]

    def _found_state(self, local: Mapping[str, Any]) -> Any:
        """Return the first of the variables of main whose class is the step's own."""
        ours = [id(vars(module)) for module in self._modules()]
        for value in local.values():
            if id(getattr(type(value).__init__, "__globals__", None)) in ours:
                return value
        return _Globals(self.module)

    def _take_over_errors(self) -> None:
        """Keep the loop's complaints about this step, and pass on all others."""
        for module in self._modules():
            vars(module)[_Complaints.KEPT] = self.errors
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        if not isinstance(before, _Complaints):
            loop.set_exception_handler(_Complaints(before))

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that run code of this step.

        Of servers that share a module, nobody can tell which task is whose.
        """
        if self._shares_module:
            return set() if self._main is None else {self._main}
        ours = [id(vars(module)) for module in self._modules()]
        return {
            task
            for task in asyncio.all_tasks()
            if (frame := getattr(task.get_coro(), "cr_frame", None)) is not None
            and id(frame.f_globals) in ours
        }

    async def _end(
        self,
        tasks: set[asyncio.Task[Any]],
        *,
        cancel: bool,
        timeout: float | None = None,
    ) -> None:
        tasks = {task for task in tasks if not task.done()}
        if cancel:
            for task in tasks:
                task.cancel()
        if tasks:
            usual = CANCELLED if cancel else TIMEOUT
            await asyncio.wait(tasks, timeout=timeout or usual)


def _shared(step: Step) -> set[ModuleType]:
    """Return the modules of steps/ that a step imports, and those that these import."""
    found: dict[str, ModuleType] = {}
    asked = [step]
    while asked:
        for name in asked.pop().imports:
            path = STEPS / f"{name}.py"
            if name not in found and name in sys.modules and path.is_file():
                found[name] = sys.modules[name]
                asked.append(Step(path))
    return set(found.values())


def _print_to_nobody(*values: object, **options: Any) -> None:
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


async def start(
    step: str | Step, *, port: int = 0, settings: Mapping[str, str] | None = None
) -> InLoop:
    """Start a step in the running loop, on a free port unless one is named.

    ``step`` is a name such as ``"05"``; ``settings`` changes upper-case constants of
    its module for this run. Raises NoSuchStep, NoServer for what is none, NoPort,
    OSError for a port in use, and ValueError for a setting that the step does not have.
    """
    running = InLoop(startable(step, port), settings or {})
    try:
        await running.begin(port)
    except BaseException:
        await running.stop()
        raise
    return running
