"""Runs the programs of ``docs/examples/`` for the directives that show what they do."""

import os
import re
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from remembered import ROOT, remembered

EXAMPLES = ROOT / "docs" / "examples"
PATIENCE = 100.0  # seconds: an example takes one or two, on a busy machine many more


class ExampleFailed(Exception):
    """A program could not be run, or not to the end that the page names."""


def command(name: str) -> str:
    """Return what a reader would type to run an example; a command stays as it is."""
    return name if " " in name else f"python -m docs.examples.{Path(name).stem}"


def file_or_command(name: str) -> str:
    """Return what an author would look for: the example's path, or the command."""
    return name if " " in name else f"docs/examples/{name}"


@cache
def run(name: str, *, status: int = 0, beside: str = "") -> str:
    """Run one command, and return what it printed, errors included, in their order.

    ``name`` is a command that begins with ``python``, or the file of an example, which
    may find a step ``beside`` it that runs already. Where a traceback names this
    machine's folders, the folder is taken out. Raises ExampleFailed if there is no such
    example, or if it ends with another status.
    """
    what = f"{name} {status} {beside}"
    return remembered(what, lambda: _run(name, status, beside))


def _run(name: str, status: int, beside: str) -> str:
    python, *words = command(name).split()
    if beside:
        words = ["docs/_ext/beside.py", beside, Path(name).stem]
    if python != "python":
        raise ExampleFailed(f"only python can be run, not {python}")
    if " " not in name and not (EXAMPLES / name).is_file():
        raise ExampleFailed(f"there is no docs/examples/{name}")
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)  # what is shown works without it
    environment.pop("PYTHONASYNCIODEBUG", None)  # pages show what readers will see
    environment.pop("PYTHONDEVMODE", None)
    try:
        done = subprocess.run(
            [sys.executable, "-u", *words],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ExampleFailed(
            f"{file_or_command(name)} still ran after {PATIENCE:g} s"
        ) from error
    text = without_folders(done.stdout.decode(errors="replace"))
    if done.returncode != status:
        ended = f"ended with {done.returncode}, and not with {status}"
        raise ExampleFailed(f"{file_or_command(name)} {ended}:\n{text}")
    return text


def without_folders(text: str) -> str:
    """Cut the folders of this machine out of a traceback."""
    for folder in (str(ROOT), sysconfig.get_path("stdlib")):
        text = text.replace(f"{folder}{os.sep}", "")
    return re.sub(r'"[^"\n]*[/\\](asyncio[/\\]\w+\.py)"', r'"\1"', text)
