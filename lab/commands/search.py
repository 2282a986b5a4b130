"""The command line of the search, and its report."""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lab import host, renamed, search, simulation, story
from lab.host.starting import place
from lab.mistakes import twins
from lab.search import Searched, faults
from lab.story import ROOT, STEPS, CannotDo, Step

USAGE = """\
python -m lab search STEP [--seeds N] [--first SEED] [--fault NAME ...]
       python -m lab search STEP --seed SEED [--picture FILE.svg] [--scene FILE.json]
       python -m lab search STEP FILE.py
       python -m lab search --faults"""

PORTION = 50  # seeds that a process plays before it reports
SAME_HASHES = {"PYTHONHASHSEED": "0"}  # or sets of names have another order every time


class CannotSearch(CannotDo):
    """There is nothing to search, or not like this; the text says why."""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says; options and words may come in any order."""
    parser = argparse.ArgumentParser(prog="python -m lab search", usage=USAGE)
    parser.add_argument("step", nargs="?", metavar="STEP", help="such as 05")
    parser.add_argument("file", nargs="?", help="a Python file held to that step")
    parser.add_argument("--seeds", type=_count, default=200, help="how many (200)")
    parser.add_argument("--first", type=_count, default=0, help="where to begin (0)")
    parser.add_argument("--seed", type=_count, help="play this one only")
    parser.add_argument(
        "--fault",
        action="append",
        metavar="NAME",
        help="only this may go wrong; may be given more than once",
    )
    parser.add_argument("--faults", action="store_true", help="list what can go wrong")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="of the story")
    parser.add_argument(
        "--scene", type=Path, metavar="FILE.json", help="of the story, for the stepper"
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=os.cpu_count() or 1,
        help="processes (one a core)",
    )
    for option in renamed.OPTIONS.keys() & set(arguments):
        raise CannotSearch(f"there is no option {option}{renamed.hint(option)}")
    return parser.parse_intermixed_args(arguments)


def run(arguments: Sequence[str]) -> int:
    """Search and report; return 0 if nothing was found, 1 if something was.

    CannotSearch, NoSuchStep or LookupError for what cannot be searched.
    """
    options = parsed(arguments)
    if options.faults:
        print("\n".join(listed()))
        return 0
    if options.step is None:
        raise CannotSearch(f"a step is to be named:\n       {USAGE}")
    step, like = subject(options)
    names = _names(options.fault, like)
    if os.environ.get("PYTHONHASHSEED") != "0":
        return _again(arguments)
    try:
        found = _searched(step, like, names, options)
    except KeyboardInterrupt:
        print("lab: stopped; nothing is left running", file=sys.stderr)
        return 130
    print(repr(found))
    return 0 if found.found is None else _told(found, options)


def subject(options: argparse.Namespace) -> tuple[Step, Step]:
    """Return what is to be searched, and the step that it is held to."""
    like = story.find(twins.located(options.step))
    if like.path.parent != STEPS:
        raise CannotSearch("the step comes first: python -m lab search 05 mine.py")
    if like.kind not in ("server", "side") or not like.listens:
        raise CannotSearch(f"{like.name} does not listen: no crowd can come to it")
    if options.file is None:
        return like, like
    step = story.own_server(Path(twins.located(options.file)))
    _try(step)
    return step, like


def listed() -> list[str]:
    """Return what can go wrong, a line each."""
    return [f"{t.name:9}{t.since}  {t.sentence}" for t in faults.FAULTS]


def first_broken(
    step: Step, like: Step, names: Sequence[str], seeds: range
) -> int | None:
    """Return the first of the seeds that breaks something; None if none does."""
    found = search.search(step, seeds, fault=names, like=like, smaller=False).found
    return None if found is None else found.seed


def _try(step: Step) -> None:
    """Start a file and stop it; CannotSearch, with what went wrong, if that fails."""

    async def begin_and_end() -> None:
        await (await host.start(step)).stop()

    try:
        simulation.run(begin_and_end(), until=host.START + host.TIMEOUT)
    except (simulation.Stuck, simulation.Spinning):
        pass  # the search itself will say what is wrong with it
    except TimeoutError as error:
        why = "it never printed 'Listening on HOST:PORT'"
        raise CannotSearch(f"{step.path.name} cannot be started: {why}") from error
    except (Exception, SystemExit) as error:
        why = place(error, step.path)
        raise CannotSearch(f"{step.path.name} cannot be started: {why}") from error


def _names(wanted: Sequence[str] | None, like: Step) -> list[str]:
    if wanted is None:
        return [fault.name for fault in faults.survived_by(like)]
    try:
        return [faults.find(name).name for name in wanted]
    except LookupError as error:
        raise CannotSearch(error.args[0]) from error


def _again(arguments: Sequence[str]) -> int:
    """Run this command in a process in which a seed always means the same."""
    command = [sys.executable, "-m", "lab", "search", *arguments]
    environment = {**os.environ, **SAME_HASHES}
    path = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    environment["PYTHONPATH"] = path
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130  # it has heard Ctrl-C, too, and said so


def _searched(
    step: Step, like: Step, names: list[str], options: argparse.Namespace
) -> Searched:
    """Search on all cores; what is found is played again here, to be told."""
    if options.seed is not None:
        return search.search(step, [options.seed], fault=names, like=like)
    begin = time.perf_counter()
    last = options.first + options.seeds
    portions = [
        range(first, min(first + PORTION, last))
        for first in range(options.first, last, PORTION)
    ]
    count = len(portions)
    with ProcessPoolExecutor(max(1, min(options.jobs, count))) as processes:
        results = processes.map(
            first_broken, [step] * count, [like] * count, [names] * count, portions
        )
        for seed in results:
            if seed is not None:
                processes.shutdown(wait=False, cancel_futures=True)
                played, seconds = seed - options.first + 1, time.perf_counter() - begin
                again = search.search(step, [seed], fault=names, like=like)
                return Searched(step, played, seconds, again.found)
    return Searched(step, options.seeds, time.perf_counter() - begin, None)


def _told(searched: Searched, options: argparse.Namespace) -> int:
    found = searched.found
    assert found is not None, "called when something was found"
    words = [options.step, *([options.file] if options.file else [])]
    for name in options.fault or ():
        words += ["--fault", name]
    if options.seed is None:
        again = f"python -m lab search {shlex.join(words)} --seed {found.seed}"
        print(f"Play it again: {again} --picture story.svg")
    else:
        print(f"  what was sent and heard:\n{_indented(found.story().text())}")
    if options.picture is not None:
        _write(options.picture, found.story().svg())
    if options.scene is not None:
        _write(options.scene, found.scene().as_json())
    return 1


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        why = f"{path} cannot be written: {error.strerror}"
        raise CannotSearch(why) from error


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"a number is wanted, not {text}")
    return int(text)
