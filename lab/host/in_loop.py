"""Runs a step in the loop that is running already."""

import asyncio
import errno
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from lab import parsing
from lab.host.loading import _found, load
from lab.host.running import CANCELLED, TIMEOUT, Running, Transcript
from lab.story import Step


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


class InLoop(Running):
    """A step that runs in the loop that was running already."""

    def __init__(self, step: Step, settings: Mapping[str, str]) -> None:
        super().__init__(step)
        self.module = load(step, settings)
        vars(self.module)["print"] = self.transcript.print
        self._main: asyncio.Task[None] | None = None
        self._before_clients: set[asyncio.Task[Any]] = set()

    @property
    def main(self) -> asyncio.Task[None]:
        """The task of ``main``, to be cancelled by whoever wants to see how it ends."""
        assert self._main is not None, "it has begun"
        return self._main

    async def begin(self, port: int) -> None:
        """Start ``main`` and wait until it listens, if this step does.

        Raises what ``main`` raises, such as OSError if the port is in use, and OSError
        if it ends instead.
        """
        self._take_over_errors()
        take_in = getattr(asyncio.get_running_loop(), "take_in", None)
        if take_in is not None:  # a simulation's
            take_in(self.module)
        main = self.module.main(**self.step.arguments(port=port))
        self._main = asyncio.create_task(main, name=self.step.name)
        line = asyncio.create_task(self._first_line())
        await asyncio.wait({self._main, line}, return_when="FIRST_COMPLETED")
        if self._main.done():
            line.cancel()
            await asyncio.wait({line})
            self._main.result()
            if line.cancelled():
                raise OSError(f"{self.step.name} ended at once")
        self._note_address(await line)
        self._before_clients = self.tasks()

    def lose_output(self) -> None:
        """Let every print fail, as if its reader had gone."""
        vars(self.module)["print"] = _print_to_nobody

    async def stop(self) -> None:
        """End the clients, then the step, in bounded time."""
        ours = bool(self._clients)
        await super().stop()
        if ours:  # what attended to them ends by itself; for others nobody knows
            await self._end(self.tasks() - self._before_clients, cancel=False)
        if self._main is not None:
            # A step that says goodbye gives its clients some time for that.
            timeout = TIMEOUT if hasattr(self.module, "run") else CANCELLED
            await self._end({self._main}, cancel=True, timeout=timeout)
            # Somebody else's connection may have held it up: see the module's text.
            await self._end(self.tasks(), cancel=True)
        sys.modules.pop(self.module.__name__, None)

    def _take_over_errors(self) -> None:
        """Keep the loop's complaints about this step, and pass on all others."""
        vars(self.module)[_Complaints.KEPT] = self.errors
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        if not isinstance(before, _Complaints):
            loop.set_exception_handler(_Complaints(before))

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that run code of this step."""
        return {
            task
            for task in asyncio.all_tasks()
            if (frame := getattr(task.get_coro(), "cr_frame", None)) is not None
            and frame.f_globals is vars(self.module)
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


def _print_to_nobody(*values: object, **options: Any) -> None:
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


async def start(
    step: str | Step, *, port: int = 0, settings: Mapping[str, str] | None = None
) -> InLoop:
    """Start a step in the running loop, on a free port unless one is named.

    ``step`` is a name such as ``"05"``; ``settings`` changes upper-case constants of
    its module for this run. Raises NoSuchStep, OSError for a port in use, and
    ValueError for a setting that the step does not have.
    """
    running = InLoop(_found(step), settings or {})
    try:
        await running.begin(port)
    except BaseException:
        await running.stop()
        raise
    return running
