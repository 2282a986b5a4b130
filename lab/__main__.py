"""The command line: ``python -m lab`` says what it can do."""

import argparse
import asyncio
import errno
import importlib
import inspect
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from lab import checking, exercise, searching, story, versions
from lab.check import CannotStart
from lab.exercise import NoExercise
from lab.host import change, load
from lab.searching import CannotSearch
from lab.story import NoSuchStep, Step
from lab.versions import CannotTry

EPILOG = """\
  python -m lab story                  the steps, a sentence each
  python -m lab run 05                 start step 05 where the clients expect it
  python -m lab run 05 --port 0        the same on a free port, which it prints
  python -m lab start 05 mine.py       begin to build step 05 yourself
  python -m lab check 05 mine.py       see how far your server is
  python -m lab check 05 -- node mine.js {port}     the same in any language
  python -m lab check 05 --connect localhost:9011   a server that runs already
  python -m lab solution 05            what our step 05 changed
  python -m lab search 05 --seeds 1000 let random crowds loose on it, in a simulation
  python -m lab versions               how each Python here ends what is stopped how
"""


class Refused(Exception):
    """What was asked for cannot be done; the text says why, and what would help."""


REFUSALS = (NoSuchStep, NoExercise, CannotStart, CannotSearch, CannotTry, Refused)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    # Whoever watches through a pipe wants to see each line when it is printed.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if words[:1] == ["check"]:
            return checking.run(words[1:])
        if words[:1] == ["search"]:
            return searching.run(words[1:])
        if words[:1] == ["versions"]:
            return versions.run(words[1:])
        options = parser().parse_args(words)
        status: int = options.action(options)
    except (
        NoSuchStep,
        NoExercise,
        CannotStart,
        CannotSearch,
        CannotTry,
        Refused,
    ) as refusal:
        print(f"lab: {refusal}", file=sys.stderr)
        return 2
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m lab",
        description="The instruments of the book.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(action=lambda _: print(top.format_help()) or 0)
    commands = top.add_subparsers(title="commands", metavar="")

    tell = commands.add_parser("story", help="print the steps, a sentence each")
    tell.add_argument("--markdown", action="store_true", help="as the README's table")
    tell.set_defaults(action=print_story)

    _add_run(commands)

    # They have parsers of their own: in this one a file could not follow an option.
    commands.add_parser("check", help="see how far a server is, yours or anybody's")
    commands.add_parser("search", help="look for trouble: random crowds, seed by seed")
    commands.add_parser("versions", help="see how each Python here ends a server")

    begin = commands.add_parser("start", help="begin to build a step yourself")
    begin.add_argument("step", help="the step to build, such as 05")
    begin.add_argument("file", type=Path, help="where to put the step before it")
    begin.set_defaults(action=start_exercise)

    solve = commands.add_parser("solution", help="show what our own step changed")
    solve.add_argument("step", help="such as 05")
    solve.set_defaults(action=show_solution)
    return top


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="start a step")
    run.add_argument("step", help="05, server05, or a Python file with a main")
    run.add_argument("--host", type=_host, help="the address to listen on (127.0.0.1)")
    run.add_argument("--port", type=_port, help="the port; 0 takes a free one (9011)")
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


def print_story(options: argparse.Namespace) -> int:
    """Print the steps in their order, with what each adds and what it leaves."""
    if options.markdown:
        print(story.markdown())
        return 0
    for step in story.steps():
        print(f"{step.name}  {step.sentence}")
        print(f"{'':10}new: {step.new}")
        print(f"{'':10}still wrong: {step.wrong}")
    return 0


def run_step(options: argparse.Namespace) -> int:
    """Start a step and stay with it until Ctrl-C; Refused if it cannot be started."""
    step = story.find(options.step)
    module = _loaded(step, options.set)
    if options.loop is not None:
        _take_loop(options.loop)
    arguments = step.arguments(host=options.host, port=options.port)
    try:
        if hasattr(module, "run"):
            module.run(**arguments)
        else:
            _run(module.main(**arguments))
    except OSError as error:
        raise Refused(_why_not(error, options)) from error
    return 0


def start_exercise(options: argparse.Namespace) -> int:
    """Write the place to begin at; NoExercise if that cannot be done."""
    print(exercise.start(story.find(options.step), options.file))
    return 0


def show_solution(options: argparse.Namespace) -> int:
    """Print the difference between our own step and the one before it."""
    print(exercise.solution(story.find(options.step)))
    return 0


def _loaded(step: Step, settings: Sequence[str]) -> Any:
    if step.kind in ("utils", "client"):
        instead = f"python steps/{step.name}.py" if step.kind == "client" else ""
        raise Refused(f"{step.name} is no server. {instead or 'Servers import it.'}")
    if wrong := [setting for setting in settings if "=" not in setting]:
        raise Refused(f"--set takes NAME=VALUE, not {wrong[0]}")
    pairs = [setting.split("=", 1) for setting in settings]
    try:
        module = load(step, {name: value for name, value in pairs if "." not in name})
        for name, value in pairs:
            if "." in name:
                _change_imported(step, name, value)
    except ValueError as error:
        raise Refused(str(error)) from error
    if not inspect.iscoroutinefunction(getattr(module, "main", None)):
        raise Refused(f"{step.path.name} has no 'async def main', so it cannot start")
    return module


def _change_imported(step: Step, setting: str, value: str) -> None:
    """Change a constant of a file that the step imports.

    All steps of a process share that file: here there is only one. Raises ValueError
    if the step does not import it, or for what ``change`` refuses.
    """
    file, _, name = setting.partition(".")
    if file not in step.imports:
        raise ValueError(f"{step.path.name} does not import {file}")
    change(sys.modules[file], name, value)


def _take_loop(name: str) -> None:
    """Let asyncio make the event loops of that library from now on."""
    try:
        policy = importlib.import_module(name).EventLoopPolicy()
    except (ImportError, AttributeError) as error:
        words = f"there is no event loop {name!r} here; python -m pip install {name}"
        raise Refused(words) from error
    # Not the loop_factory of asyncio.run: a step's own run() is what calls that.
    asyncio.set_event_loop_policy(policy)


def _run(main: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(main)
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done


def _why_not(error: OSError, options: argparse.Namespace) -> str:
    port = 9011 if options.port is None else options.port
    where = f"{options.host or '127.0.0.1'}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use; take another port, or a free one with --port 0"
    if error.errno == errno.EACCES:
        return f"{where} is not allowed to you; ports below 1024 are the system's"
    return f"cannot listen on {where}: {error.strerror or error}"


def _host(text: str) -> str:
    text.encode("idna")  # a ValueError here is a traceback in the resolver later
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number up to 65535, not {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
