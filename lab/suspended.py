"""Says what a task waits for, in a few words: read off the frames it has stopped in.

A task that is not running is a chain: its coroutine awaits a coroutine, which awaits
another, down to the future that will wake it. Of this chain two links tell most: the
innermost one that somebody wrote for this program, with its line, and the first one of
asyncio that it awaits.
"""

import asyncio
import gc
import os
import re
from collections.abc import Sequence
from types import (
    AsyncGeneratorType,
    CodeType,
    CoroutineType,
    FrameType,
    GeneratorType,
)
from typing import Any, NamedTuple, cast

# Whose frames are nobody's own code: asyncio and what stands in for parts of it; and
# what only stands in between, and is no answer either.
LIBRARY = ("asyncio.", "lab.network", "lab.simulation")
BETWEEN = ("contextlib", "lab.pictures.unsent")

# What C wraps around the next link, and does not let Python see.
_WRAPPERS = {
    "anext_awaitable",
    "async_generator_asend",
    "async_generator_athrow",
    "coroutine_wrapper",
    "FutureIter",
}


class Wait(NamedTuple):
    """What is waited for, and where; ``str`` makes a phrase of it."""

    what: str  # for example "StreamReader.readexactly"
    code: CodeType | None  # the innermost that is not the library's; None without one
    line: int  # in the file of that code

    def __str__(self) -> str:
        if self.code is None:
            return self.what
        name = self.code.co_qualname.rpartition("<locals>.")[2]
        file = os.path.basename(self.code.co_filename)
        return f"{self.what} in {name} ({file}:{self.line})"


def waits_for(task: asyncio.Task[Any]) -> str:
    """Return what the task waits for: ``sleep in tick (server01.py:27)``.

    For a task that does not wait, it says so.
    """
    coroutine = task.get_coro()
    if task.done():
        return "nothing: it has ended"
    if getattr(coroutine, "cr_running", False):
        return "nothing: it is running"
    if not getattr(coroutine, "cr_suspended", True):
        return "its first turn"
    # The private attribute is the only thing that knows where C has no more to show,
    # as under a coroutine that was compiled. Without it the chain has to do.
    return str(look(coroutine, getattr(task, "_fut_waiter", None)))


def as_task(future: object) -> asyncio.Task[Any] | None:
    """Return a future that is a task, be it of asyncio's class or of another one."""
    # Not isinstance: asyncio's task in Python is no subclass of its task in C.
    is_task = asyncio.isfuture(future) and hasattr(future, "get_coro")
    return cast("asyncio.Task[Any]", future) if is_task else None


def label(task: asyncio.Task[Any]) -> str:
    """Return the name that somebody gave the task, else that of its coroutine."""
    return given_name(task) or getattr(task.get_coro(), "__name__", task.get_name())


def given_name(task: asyncio.Task[Any]) -> str:
    """Return the name of the task, and none if asyncio made it up."""
    name = task.get_name()
    # Where there is a task factory, Python 3.13.0 calls who has no name "None".
    return "" if re.fullmatch(r"Task-\d+|None", name) else name


def look(coroutine: object, future: object = None) -> Wait:
    """Return where a suspended coroutine has stopped.

    ``future`` is what it has handed to its task, if that is known.
    """
    return look_along(*chain(coroutine), future)


def look_along(frames: Sequence[FrameType], end: object, future: object = None) -> Wait:
    """Return the same as ``look``, from what ``chain`` has returned."""
    code, line, inside = None, 0, []
    for frame in frames:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(LIBRARY):
            inside.append(frame.f_code)
        elif not module.startswith(BETWEEN):
            code, line = frame.f_code, frame.f_lineno
            inside.clear()
    return Wait(
        _primitive(inside) or _of(end if future is None else future), code, line
    )


class Chain(NamedTuple):
    """The awaits from a coroutine down to what it waits for."""

    frames: list[FrameType]  # the outermost first; ``f_lineno`` is where each waits
    end: object  # the last link: a future, where Python can see it


def chain(coroutine: object) -> Chain:
    """Return the chain of awaits of a suspended coroutine, or of a task's.

    It leads through generators, asynchronous generators and what ``asend`` and
    ``anext`` put around them. A coroutine that has ended has no frames.
    """
    frames: list[FrameType] = []
    link = coroutine.get_coro() if isinstance(coroutine, asyncio.Task) else coroutine
    end: object = None
    while link is not None:
        frame, following = _unfolded(link)
        if frame is not None:
            frames.append(frame)
        end, link = link, following
    return Chain(frames, end)


def _unfolded(link: object) -> tuple[FrameType | None, object]:
    """Return the frame of one link of the chain, if it has one, and the next link."""
    if isinstance(link, CoroutineType):
        return link.cr_frame, link.cr_await
    if isinstance(link, AsyncGeneratorType):
        return link.ag_frame, link.ag_await
    if isinstance(link, GeneratorType):
        return link.gi_frame, link.gi_yieldfrom
    if type(link).__name__ in _WRAPPERS:
        # What they wrap has no name in Python; the collector of garbage finds it.
        held = (other for other in gc.get_referents(link) if _goes_on(other))
        return None, next(held, None)
    # Somebody's own coroutine, such as the one that a timeline puts around another.
    return getattr(link, "cr_frame", None), getattr(link, "cr_await", None)


def _goes_on(link: object) -> bool:
    if isinstance(link, CoroutineType | AsyncGeneratorType | GeneratorType):
        return True
    return type(link).__name__ in _WRAPPERS or asyncio.isfuture(link)


def _primitive(codes: list[CodeType]) -> str:
    """Return the first public name among the frames of asyncio, else its public part.

    What is private is how ``async with lock`` comes to ``Lock.acquire``, or a
    ``TaskGroup`` to wait for its tasks.
    """
    part = ""
    for code in codes:
        name = code.co_qualname
        if not (name.startswith("_") or "._" in name or "<" in name):
            return name
        if not name.endswith("__await__"):  # a future's, written in Python
            part = part or re.split(r"(?:^|\.)[_<]", name)[0]
    return part


def _of(future: object) -> str:
    """Return what to call the thing that is awaited without a frame of asyncio."""
    if (task := as_task(future)) is not None:
        return f"task {label(task)!r}"
    if type(future).__name__ == "_GatheringFuture":
        return "gather"
    return "a future" if asyncio.isfuture(future) else "its next turn"
