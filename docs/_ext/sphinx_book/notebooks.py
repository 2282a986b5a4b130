"""Puts the outputs into notebooks before Sphinx reads them.

They are stored without outputs. Each is executed once, as a program of the book is run:
the pages show what came of it, and the tests judge that.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from sphinx_book.remembered import ROOT
from sphinx_book.running import ExampleFailed, Run

PROGRAM = "docs/_ext/execute_notebook.py"

logger = logging.getLogger(__name__)


def run_of(path: Path) -> Run:
    """Return the run that executes the notebook in this file."""
    return Run(f"python {PROGRAM} {path.relative_to(ROOT).as_posix()}")


def executed(path: Path) -> str:
    """Return the notebook with its outputs, as JSON; ExampleFailed if it fails."""
    return run_of(path).shown().text.splitlines()[-1]


def execute(app: Sphinx, docname: str, source: list[str]) -> None:
    """Let Sphinx read a notebook with its outputs; it warns of one that fails."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    try:
        shown = run_of(path).shown()
    except ExampleFailed as error:
        logger.warning("%s", error, location=docname)
        return
    source[0] = shown.text.splitlines()[-1]
    for file in shown.files:
        app.env.note_dependency(str(file), docname=docname)
