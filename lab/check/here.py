"""Checks a function that serves clients, in a notebook's cell."""

import asyncio
import inspect
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab import parsing, story
from lab.check.judging import judged, wanted
from lab.check.program import Latest
from lab.check.report import Report
from lab.check.subjects import GOODBYE, LOOPBACK, Subject
from lab.host import Running
from lab.story import Step

ClientConnected = Callable[[StreamReader, StreamWriter], Any]


async def check_here(
    client_connected: ClientConnected, step: str, *, alone: bool = True
) -> Report:
    """Test a function that serves a client by the behaviours of a step.

    It is served in the running loop, on a free port, afresh for each behaviour; state
    in variables of its module is not reset. ``alone=False`` takes the
    behaviours of the steps before as well. Raises NoSuchStep.
    """
    found = story.find(step)
    subject = Function(client_connected)
    results = [await judged(subject, b) for b in wanted(found, alone=alone)]
    return Report(found, results, partial=alone)


class Function(Subject):
    """A function for ``asyncio.start_server``, in a notebook's cell."""

    has = frozenset({"output"})

    def __init__(self, client_connected: ClientConnected) -> None:
        if not callable(client_connected):
            raise TypeError(f"a function is to be checked, not {client_connected!r}")
        self.client_connected = client_connected

    def is_own(self, file: str) -> bool:
        """Whether it is the cell, or the file, that has the function."""
        code = getattr(self.client_connected, "__code__", None)
        return code is not None and file == code.co_filename

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Serve the function in the running loop."""
        running = Served(self.client_connected)
        await running.begin()
        return running


class Served(Running):
    """A function that attends to clients in the running loop."""

    def __init__(self, client_connected: ClientConnected) -> None:
        super().__init__(Step(Path("your function")))
        self.transcript, self.errors = Latest(), Latest()
        self._attend = client_connected
        self._tasks: set[asyncio.Task[Any]] = set()
        self._transports: set[asyncio.WriteTransport] = set()
        self._print: dict[str, Any] = {}  # the builtin's stand-in that was there before

    async def begin(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._attended, LOOPBACK[0], 0)
        self.listens_at(*self._server.sockets[0].getsockname()[:2])
        names = getattr(self._attend, "__globals__", {})
        self._print = {name: names[name] for name in ("print",) if name in names}
        names["print"] = self.transcript.print

    async def stop(self) -> None:
        """End the clients, their tasks and the server, in bounded time."""
        self._server.close()
        try:
            await super().stop()
            for cancel in (False, True):  # most end with their clients
                if left := {task for task in self._tasks if not task.done()}:
                    for task in left if cancel else ():
                        task.cancel()
                    await asyncio.wait(left, timeout=GOODBYE)
        finally:
            for transport in self._transports:
                transport.abort()
            names = getattr(self._attend, "__globals__", {})
            names.pop("print", None)
            names.update(self._print)

    async def _attended(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine of asyncio's runs in a task"
        self._tasks.add(task)
        # Not the writer: one that nobody holds any more closes itself, or should.
        transport = writer.transport
        self._transports.add(transport)
        try:
            attending = self._attend(reader, writer)
            del reader, writer
            if inspect.isawaitable(attending):
                await attending
        except asyncio.CancelledError:
            pass  # by stop; asyncio would report it on some versions
        except Exception as error:
            self.errors.add(parsing.told(error))
            transport.close()  # as asyncio does
