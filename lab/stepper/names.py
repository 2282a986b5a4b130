"""What to call tasks, callbacks and connections in a scene."""

import asyncio
import weakref
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

from lab.network import Transport
from lab.network.sockets import Address, Link, Watched
from lab.stepper.files import Files
from lab.stepper.traffic import Traffic
from lab.stepper.values import attribute, locals_of
from lab.suspended import given_name


@dataclass
class Seen:
    """A task, as it was when it was met for the first time."""

    name: str  # its own, if somebody gave it one, else its coroutine's
    file: int | None  # that of its coroutine, if it is shown
    line: int  # of its coroutine
    serves: int | None = None  # the connection that it has one end of
    handler: bool = False  # the server has started it for that connection
    shown: bool = False  # its code is, or somebody gave it a name


class Names:
    """The tasks of a run, and words for all that the loop calls."""

    def __init__(self, files: Files, traffic: Traffic) -> None:
        self._files, self._traffic = files, traffic
        # Weak: a task that nothing keeps must go on being lost, recorded or not.
        self._numbers: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = (
            weakref.WeakKeyDictionary()
        )
        self.tasks: list[Seen] = []
        self._labels: dict[str, int] = {}

    @property
    def labels(self) -> list[str]:
        """The words that were used, in the order of their numbers."""
        return list(self._labels)

    def label(self, words: str) -> int:
        """Return the number of these words."""
        return self._labels.setdefault(words, len(self._labels))

    def task(self, task: asyncio.Task[Any]) -> int:
        """Return the number of a task."""
        number = self._numbers.get(task)
        if number is None:
            number = self._numbers[task] = len(self.tasks)
            self.tasks.append(self._met(task))
        return number

    def actor(self, handle: Any) -> int:
        """Return who runs in a callback: a task's number, else below 0 for a label."""
        own = getattr(handle._callback, "__self__", None)
        if isinstance(own, asyncio.Task):
            return self.task(own)
        return -1 - self.label(self._callback(handle._callback, handle._args or ()))

    def waiter(self, timer: Any) -> int:
        """Return who is waked by a timer: a task's number, else below 0 for a label."""
        own = getattr(timer._callback, "__self__", None)
        if isinstance(own, asyncio.Timeout):
            waits = getattr(own, "_task", None)
            if waits is not None:
                return self.task(waits)
        for argument in timer._args or ():
            if not asyncio.isfuture(argument):
                continue
            for callback, *_ in getattr(argument, "_callbacks", None) or ():
                waits = getattr(callback, "__self__", None)
                if isinstance(waits, asyncio.Task):
                    return self.task(waits)
        return -1 - self.label(self._callback(timer._callback, timer._args or ()))

    def in_words(self, of_clients: Mapping[Address, str]) -> list[str]:
        """Return what to call each of the connections; ``of_clients`` has names."""
        found: list[str] = []
        for place, joined in enumerate(self._traffic.connections, 1):
            name = of_clients.get(joined.client) or joined.opened_by
            found.append(_once(name or f"client {place}", found))
        return found

    def of_tasks(self, connections: list[str]) -> list[str]:
        """Return what to call each of the tasks; no two names are the same."""
        found: list[str] = []
        for seen in self.tasks:
            name = seen.name
            if seen.serves is not None:
                of = connections[seen.serves]
                name = f"handler of {of}" if seen.handler else f"{name} of {of}"
            found.append(_once(name, found))
        return found

    def _met(self, task: asyncio.Task[Any]) -> Seen:
        coroutine = task.get_coro()
        code = getattr(coroutine, "cr_code", None)
        given = given_name(task)
        name = given or getattr(coroutine, "__name__", type(coroutine).__name__)
        if code is None:
            return Seen(name, None, 0, shown=bool(given))
        seen = Seen(name, self._files.number(code.co_filename), code.co_firstlineno)
        seen.shown = seen.file is not None or bool(given)
        frame: FrameType | None = getattr(coroutine, "cr_frame", None)
        if frame is not None and not given:
            self._see_whom_it_serves(seen, list(locals_of(frame).values()))
        return seen

    def _see_whom_it_serves(self, seen: Seen, arguments: list[Any]) -> None:
        for value in arguments:
            writer = value
            if not isinstance(value, StreamWriter):
                writer = attribute(value, "writer") or attribute(value, "_writer")
            if not isinstance(writer, StreamWriter):
                continue
            place = self._traffic.place(self._traffic.socket(writer.transport))
            if place is not None:
                seen.serves, side = place
                both = {type(argument) for argument in arguments}
                seen.handler = side == 1 and {StreamReader, StreamWriter} <= both
                return

    def _callback(self, callback: Any, arguments: tuple[Any, ...]) -> str:
        own = getattr(callback, "__self__", None)
        if isinstance(own, Watched):
            inner = own._callback
            target = getattr(inner, "__self__", None)
            if not isinstance(target, Transport):
                return "net:accept"
            reads = getattr(inner, "__name__", "") == "_read_ready"
            return f"net:{'arrived' if reads else 'room'}:{self._end(target)}"
        name = getattr(callback, "__name__", "").strip("_")
        if isinstance(own, Transport):
            return f"net:{name}:{self._end(own)}"
        if isinstance(own, Link):  # one that takes its time
            receiver = getattr(arguments[0], "receiver", None) if arguments else None
            return f"net:wire:{self._end_of(receiver)}"
        if isinstance(own, asyncio.BaseProtocol):
            transport = arguments[0] if arguments else None
            return f"net:{name}:{self._end(transport)}"
        return _called(callback)

    def _end(self, transport: Any) -> str:
        return self._end_of(self._traffic.socket(transport))

    def _end_of(self, sock: Any) -> str:
        place = self._traffic.place(sock)
        return "" if place is None else f"{place[0]}{'cs'[place[1]]}"


def _called(callback: Any) -> str:
    while isinstance(callback, partial):
        callback = callback.func
    return getattr(callback, "__qualname__", type(callback).__name__)


def _once(name: str, others: list[str]) -> str:
    """Return the name, with a number behind it if others have it already."""
    number, found = 1, name
    while found in others:
        number += 1
        found = f"{name} {number}"
    return found
