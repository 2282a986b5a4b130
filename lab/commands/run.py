"""``python -m lab run``: starts a step and stays with it."""

import argparse
import asyncio
import errno
import importlib
import socket
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

from lab import story
from lab.commands import limits
from lab.host import imported, load, main_of, run_of, set_constant
from lab.host.entry import bound
from lab.host.loading import startable
from lab.host.starting import as_started, place
from lab.mistakes import twins
from lab.story import CannotDo, Step

# Errors that say something about the address on which to listen.
ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENODEV}


class CannotRun(CannotDo):
    """A step cannot be started like this; the text says why, and what would help."""


def add_to(commands: Any) -> None:
    """Add this command to the parser of the command line."""
    run = commands.add_parser("run", help="start a step")
    run.add_argument(
        "step", help="05, server05, broken/echoes, or a Python file with a main"
    )
    run.add_argument("--host", type=_host, help="the address to listen on (127.0.0.1)")
    run.add_argument("--port", type=port, help="the port; 0 takes a free one (9011)")
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change an upper-case constant of the step for this run, or one of a file "
        "that it imports, such as utils01.HEADER",
    )
    run.add_argument(
        "--loop", metavar="NAME", help="an event loop that is installed, such as uvloop"
    )
    run.set_defaults(action=run_step)


def run_step(options: argparse.Namespace) -> int:
    """Start a step and stay with it until Ctrl-C; CannotRun if it cannot be started."""
    step = story.find(twins.located(options.step))
    with as_started(step.path):
        module = _loaded(step, options.set)
        if options.loop is not None:
            _take_loop(options.loop)
        try:
            if step.listens and (line := limits.shortage(module, _host_of(options))):
                with suppress(OSError):  # the step may bear it that nobody reads
                    print(line)
            where = {"host": options.host, "port": options.port}
            if (run := run_of(module)) is not None:
                words, named = bound(run, **where) or ([], {})
                run(*words, **named)
            else:
                _run(main_of(module, step, **where))
        except OSError as error:
            raise CannotRun(_why_not(error, step, options)) from error
    return 0


def _loaded(step: Step, settings: Sequence[str]) -> Any:
    startable(step)
    if wrong := [setting for setting in settings if "=" not in setting]:
        raise CannotRun(f"--set takes NAME=VALUE, not {wrong[0]}")
    try:
        module = load(step, to_stay=True) if step.kind != "other" else _own(step)
        for setting in settings:
            _change(step, module, *setting.split("=", 1))
    except ValueError as error:
        raise CannotRun(str(error)) from error
    return module


def _own(step: Step) -> ModuleType:
    """Load a file of the reader's; CannotRun, with the line, for what it raises."""
    story.own_file(step.path)
    try:
        return load(step, to_stay=True)
    except CannotDo:
        raise
    except Exception as error:  # whatever it does while it is imported
        raise CannotRun(place(error, step.path)) from error


def _change(step: Step, module: ModuleType, setting: str, value: str) -> None:
    """Change a constant of the step, or of a file that it imports.

    All steps of a process share that file: here there is only one. Raises ValueError
    if the step does not import it, for what ``set_constant`` refuses, and for what can
    be no limit.
    """
    file, _, name = setting.rpartition(".")
    if file and file not in step.imports:
        raise ValueError(f"{step.path.name} does not import {file}")
    of = imported(module, file) if file else module
    old = getattr(of, name, None)
    set_constant(of, name, value)
    limits.look_at(of, name, old)


def _take_loop(name: str) -> None:
    """Let asyncio make the event loops of that library from now on."""
    try:
        policy = importlib.import_module(name).EventLoopPolicy()
    except (ImportError, AttributeError) as error:
        words = f"there is no event loop {name!r} here; python -m pip install {name}"
        raise CannotRun(words) from error
    # Not the loop_factory of asyncio.run: a step's own run() is what calls that.
    asyncio.set_event_loop_policy(policy)


def _run(main: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(main)
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done


def _why_not(error: OSError, step: Step, options: argparse.Namespace) -> str:
    host, port = _host_of(options), 9011 if options.port is None else options.port
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    number, words = error.errno, error.strerror or str(error)
    if number == errno.EADDRINUSE:
        return f"{where} is in use; take another port, or a free one with --port 0"
    if number == errno.EACCES:
        return f"{where} is not allowed to you; ports below 1024 are the system's"
    if number in ADDRESS or isinstance(error, socket.gaierror):
        return f"cannot listen on {where}: {words}"
    # Such as a full disk, into which it prints where it listens.
    return f"{step.name} cannot serve: {words}"


def _host_of(options: argparse.Namespace) -> str:
    return "127.0.0.1" if options.host is None else str(options.host)


def _host(text: str) -> str:
    text.encode("idna")  # a ValueError here is a traceback in the resolver later
    return text


def port(text: str) -> int:
    """Return the number of a port; argparse reports what is not one."""
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number up to 65535, not {text}")
    return int(text)
