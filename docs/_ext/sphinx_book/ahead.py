"""Runs what the pages are going to show before Sphinx reads them, several at a time.

A page would run its programs one after the other, and most of them wait more than they
work. So all that is not remembered is run here first, and then the pages find it. What
fails here is run again by its page, which says where.
"""

import concurrent.futures
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from sphinx_book import behaviour_lists, notebooks
from sphinx_book.running import Run, example

# A directive that shows a run, its argument, and its options.
DIRECTIVE = re.compile(
    r"^( *)\.\. (output|picture|broken|staircase|stepper)::(.*)\n((?:\1 +:.*\n)*)",
    re.MULTILINE,
)
OPTION = re.compile(r":(\w+): *(.*)")
AT_ONCE = 2 * (os.cpu_count() or 1)


def run(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run what these pages show, if it is not known yet."""
    if app.builder.format != "html":
        return
    paths = [Path(env.doc2path(name)) for name in docnames]
    # Notebooks first: they take longest.
    paths.sort(key=lambda path: path.suffix != ".ipynb")
    wanted = dict.fromkeys(run for path in paths for run in runs(path))
    missing = [run for run in wanted if not run.is_known()]
    if not missing:
        return
    progress = Progress("Running what the pages show", len(missing))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        running = [threads.submit(run.shown) for run in missing]
        for done in concurrent.futures.as_completed(running):
            done.exception()  # the page says it
            progress.step()


def runs(path: Path) -> Iterator[Run]:
    """Yield what a page shows that has to be run."""
    if path.suffix == ".ipynb":
        yield notebooks.run_of(path)
        return
    for _, kind, argument, options in DIRECTIVE.findall(path.read_text("utf-8")):
        name = argument.strip()
        if kind == "staircase":
            yield behaviour_lists.PROOF
        elif kind != "broken" or name.endswith(".py"):  # else a twin, which is judged
            given = dict(OPTION.findall(options))
            name = example(path.stem, name)
            yield Run(name, int(given.get("status", 0)), given.get("beside", ""))


class Progress:
    """Says on stderr how far something is that takes longer than a few seconds.

    On a terminal that is one line, which changes; in a log a line at each quarter.
    """

    SHORT = 3.0  # seconds

    def __init__(self, words: str, number: int) -> None:
        self.words, self.number, self.done = words, number, 0
        self.begun = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def step(self) -> None:
        """Count one more, and say so."""
        self.done += 1
        last = self.done == self.number
        quarter = self.done * 4 // self.number > (self.done - 1) * 4 // self.number
        if time.monotonic() - self.begun > self.SHORT and (self.terminal or quarter):
            end = "\r" if self.terminal and not last else "\n"
            print(f"» {self}", end=end, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.begun
        return f"{self.words}: {self.done} of {self.number}, {seconds:.0f} s"
