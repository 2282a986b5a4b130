"""Runs programs for the pages that show what they do: examples, commands, notebooks."""

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass

from sphinx.util.docutils import SphinxDirective

from lab.check.pages import QUOTED
from sphinx_book.remembered import ROOT, Shown, recall, remembered

EXAMPLES = ROOT / "docs" / "examples"
TIMEOUT = 100.0  # seconds: an example takes one or two, on a busy machine many more


class ExampleFailed(Exception):
    """A program could not be run, or not to the end that the page names."""


def folder(page: str) -> str:
    """Return which folder of ``docs/examples`` has the programs of a page.

    That of ``docs/05-delivery`` is ``s05_delivery``: its name, as Python can import it.
    """
    name = page.rpartition("/")[2].replace("-", "_")
    return f"s{name}" if name[0].isdigit() else name


def example(page: str, name: str) -> str:
    """Return the place in ``docs/examples`` of a program that a page names.

    ``talk.py`` is one of its own, ``s05_delivery/talk.py`` one of another page. A
    command stays as it is.
    """
    return name if " " in name or "/" in name else f"{folder(page)}/{name}"


def module(name: str) -> str:
    """Return what Python calls an example: ``docs.examples.s05_delivery.talk``."""
    return f"docs.examples.{name.removesuffix('.py').replace('/', '.')}"


def command(name: str) -> str:
    """Return what a reader would type to run an example; a command stays as it is."""
    return name if " " in name else f"python -m {module(name)}"


def file_or_command(name: str) -> str:
    """Return what an author would look for: the example's path, or the command."""
    return name if " " in name else f"docs/examples/{name}"


@dataclass(frozen=True)
class Run:
    """A run that a page shows.

    ``name`` is a command that begins with ``python``, or the place of an example, which
    may find a step ``beside`` it that runs already. ``status`` is the exit status with
    which it is expected to end.
    """

    name: str
    status: int = 0
    beside: str = ""

    def shown(self) -> Shown:
        """Return what it printed, errors included, in their order, and what it read.

        Where a traceback names this machine's folders, the folder is taken out. Raises
        ExampleFailed if there is no such example, or if it ends with another status.
        """
        return remembered(repr(self), self._output)

    def is_known(self) -> bool:
        """Whether it is known what it shows, without running it again."""
        return recall(repr(self)) is not None

    def _output(self, noting: dict[str, str]) -> str:
        try:
            done = subprocess.run(
                [sys.executable, "-u", *self._words()],
                cwd=ROOT,
                env=_environment() | noting,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ExampleFailed(
                f"{file_or_command(self.name)} still ran after {TIMEOUT:g} s"
            ) from error
        text = without_folders(done.stdout.decode(errors="replace"))
        if done.returncode != self.status:
            ended = f"ended with {done.returncode}, and not with {self.status}"
            raise ExampleFailed(f"{file_or_command(self.name)} {ended}:\n{text}")
        return text

    def _words(self) -> list[str]:
        """Return what follows after ``python``."""
        python, *words = command(self.name).split()
        if python != "python":
            raise ExampleFailed(f"only python can be run, not {python}")
        if " " not in self.name and not (EXAMPLES / self.name).is_file():
            raise ExampleFailed(f"there is no docs/examples/{self.name}")
        if self.beside:
            return ["docs/_ext/beside.py", self.beside, module(self.name)]
        return words


def _environment() -> dict[str, str]:
    """Return the variables of a reader who has set none of Python's.

    And one that says that the book quotes what is printed.
    """
    taken_out = ("PYTHONPATH", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE")
    own = {name: v for name, v in os.environ.items() if name not in taken_out}
    return own | {QUOTED: "1"}


def show(directive: SphinxDirective, run: Run) -> str:
    """Return what a run prints; the page is made again when that may have changed.

    Each line of the directive's option ``:expect:`` is a claim that the page makes
    about the output. Raises ValueError for a line that the output does not contain.
    """
    shown = run.shown()
    for path in shown.files:
        directive.env.note_dependency(str(path))
    printed = " ".join(shown.text.split())
    for claim in directive.options.get("expect", "").splitlines():
        if " ".join(claim.split()) not in printed:
            raise ValueError(f"the page expects {claim.strip()!r} in:\n{shown.text}")
    return shown.text


def without_folders(text: str) -> str:
    """Cut the folders of this machine out of a traceback."""
    for folder in (str(ROOT), sysconfig.get_path("stdlib")):
        text = text.replace(f"{folder}{os.sep}", "")
    return re.sub(r'"[^"\n]*[/\\](asyncio[/\\]\w+\.py)"', r'"\1"', text)
