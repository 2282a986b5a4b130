"""What the notebooks need of the book, wherever they are opened.

A notebook can import what lies beside it, and no more: JupyterLab, VS Code and the
browser all start it in its own folder, and nothing of this book is installed. So this
file lies there too, and shows the way to ``lab/``, one folder up.
"""

import ast
import asyncio
import atexit
import dataclasses
import inspect
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import measuring
import scenes

from lab import (
    Chat,
    Sequence,
    Timeline,
    Unsent,
    check_here,
    connect,
    judge,
    network,
    simulation,
    start,
    story,
)
from lab.mistakes import detectors, mutants
from lab.mistakes.planted import planted, written
from lab.mistakes.twins import twins
from lab.network import Faults
from lab.search import search
from lab.story import STEPS, Step
from lab.wire import encode, frame

sys.path.insert(1, str(STEPS))

from utils01 import new_messages, send_message


def _refusing(run: Callable[..., Any]) -> Callable[..., Any]:
    # A browser could run it all the same, and no other notebook would. The simulation
    # steps out of the loop first.
    def refusing(*arguments: Any, **options: Any) -> Any:
        if asyncio._get_running_loop() is None:
            return run(*arguments, **options)
        raise RuntimeError("asyncio.run() cannot be called from a running event loop")

    return refusing


if sys.platform == "emscripten":  # in a browser, which has no sockets
    network.install(asyncio.get_running_loop())
    asyncio.run = _refusing(asyncio.run)

__all__ = [
    "STEPS",
    "Chat",
    "Faults",
    "Sequence",
    "Timeline",
    "Unsent",
    "caught",
    "check_here",
    "connect",
    "detectors",
    "encode",
    "frame",
    "judge",
    "measuring",
    "mutants",
    "new_messages",
    "planted",
    "rewritten",
    "scenes",
    "search",
    "send_message",
    "simulation",
    "start",
    "story",
    "survivors",
    "twins",
]


CROWDS = 25  # that a cell lets loose on a step: nobody likes to wait for a cell


async def caught(step: Step) -> None:
    """Run three kinds of tests on a copy of a step, and print what each finds."""
    like = story.find(step.name)
    print("wire:      ", await detectors.wire(step, like, timeout=1.0, processes=False))
    print("simulation:", detectors.simulated(step, like))
    print("search:    ", detectors.searched(step, like, CROWDS))


def survivors(utils: str) -> list[mutants.Mutant]:
    """Return the mutants of a framing that its unit tests let through."""
    framing = story.find(utils)
    made = mutants.mutants(framing.path.read_text(encoding="utf-8"))
    return [
        mutant
        for mutant in made
        if not detectors.units(written(framing, mutant.text), framing).by
    ]


def rewritten(step: str, function: Callable[..., object]) -> Step:
    """Return a copy of a step that has this function in the place of its own.

    The two are told by their name; a method will do, too. Raises NoSuchStep, and
    LookupError if the step has no function of that name.
    """
    original = story.find(step)
    source = original.path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):  # functions first, then methods
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name == function.__name__:
            yours = textwrap.dedent(inspect.getsource(function))
            yours = textwrap.indent(yours, " " * node.col_offset)
            lines[node.lineno - 1 : node.end_lineno] = [yours]
            folder = tempfile.mkdtemp(prefix="rewritten-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder, original.path.name)
            path.write_text("".join(lines), encoding="utf-8")
            return dataclasses.replace(original, path=path)
    raise LookupError(f"{original.name} has no function {function.__name__}")
