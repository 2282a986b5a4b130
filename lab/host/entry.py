"""Calls the ``main`` or the ``run`` of a file with the host and the port it takes."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from types import ModuleType
from typing import Any

from lab.story import ADDRESS, NoServer, Step

Value = str | int | None


def bound(
    function: Callable[..., Any], **given: Value
) -> tuple[list[Any], dict[str, Any]] | None:
    """Return with what to call a function, of ``host`` and ``port``.

    What is not given is left to the function, unless it has no default of its own.
    None if it demands anything else.
    """
    words: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        wanted = given.get(name)
        if wanted is None and parameter.default is parameter.empty:
            wanted = ADDRESS.get(name)
        match parameter.kind:
            case parameter.VAR_POSITIONAL:
                if not words and not named:  # main(*where) hands both on
                    words += _both(given).values()
            case parameter.VAR_KEYWORD:
                named = {} if words else {**_both(given), **named}
            case _ if wanted is None:
                if parameter.default is parameter.empty:
                    return None
            case parameter.POSITIONAL_ONLY:
                words.append(wanted)
            case _:
                named[name] = wanted
    return words, named


def main_of(module: ModuleType, step: Step, **given: Value) -> Coroutine[Any, Any, Any]:
    """Return what ``main`` of a module returns: its coroutine, which has not begun.

    NoServer, with what to do, if there is none that can be called like this.
    """
    file, main = step.path.name, getattr(module, "main", None)
    if not callable(main):
        raise NoServer(f"{file} has no 'async def main', so it cannot start")
    if (call := bound(main, **given)) is None:
        raise NoServer(f"{file}: main takes something else than host and port")
    started = main(*call[0], **call[1])
    if inspect.iscoroutine(started):
        return started
    if inspect.isawaitable(started):
        return _awaited(started)
    raise NoServer(f"{file}: main has to be 'async def main(host, port)'; it was not")


def _both(given: dict[str, Value]) -> dict[str, Value]:
    known = {name: value for name, value in given.items() if value is not None}
    return {**ADDRESS, **known}


async def _awaited(started: Awaitable[Any]) -> Any:
    return await started


def run_of(module: ModuleType) -> Callable[..., Any] | None:
    """Return the ``run`` that starts a step from 07 on; None for any other function.

    That one takes a host and a port and demands nothing else.
    """
    run = getattr(module, "run", None)
    if not inspect.isfunction(run) or inspect.iscoroutinefunction(run):
        return None
    names = inspect.signature(run).parameters
    takes_both = {"host", "port"} <= set(names)
    return run if takes_both and bound(run) is not None else None
