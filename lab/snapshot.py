"""A Python that has imported the lab already: for the snapshot that pages start from.

The book's build calls ``prepare`` and saves the memory of that Python. A page loads
the memory and calls ``wake``, which renews what must differ from page to page.
"""

import ast
import gc
import importlib
import linecache
import logging
import os
import random
import sys
import tempfile
import time
import uuid
from importlib.machinery import FileFinder

from lab import behaviours, parsing

# What the programs of the book import, and the parts of the lab that a page uses. A
# page fetches the standard library only for a module that is not among these.
MODULES = (
    *("argparse", "cProfile", "encodings.utf_16_be", "encodings.utf_8_sig", "errno"),
    *("inspect", "logging.handlers", "pstats", "queue", "runpy", "statistics"),
    *("subprocess", "textwrap", "threading", "tracemalloc", "unicodedata"),
    *("lab.cells", "lab.check", "lab.check.judge", "lab.client", "lab.host"),
    *("lab.mistakes.mutants", "lab.mistakes.planted", "lab.mistakes.twins"),
    *(
        "lab.network",
        "lab.play.player",
        "lab.search",
        "lab.simulation",
        "lab.stepper.scene",
    ),
    *("lab.pictures.sequence", "lab.pictures.timeline", "lab.pictures.unsent"),
)


def prepare() -> None:
    """Import what pages need, and forget what would only make the snapshot larger."""
    for name in MODULES:
        importlib.import_module(name)
    behaviours.every()  # each is a module, and Check needs them all
    ast.unparse(parsing.parsed("pass"))  # it imports a module when it is called
    linecache.clearcache()
    # A traceback shows lines of asyncio, whose files a page has not fetched.
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "asyncio" and module.__file__:
            linecache.getlines(module.__file__, vars(module))
    gc.collect()


def wake() -> None:
    """Renew what a Python that just started would have of its own.

    Two things stay as they were in the build. Strings have the same hashes in every
    page, because Python chooses the key of the hashes when it starts. ``time.timezone``
    is the build's; ``time.localtime`` asks the browser and is right.
    """
    random.seed()  # else every page would throw the same dice
    tempfile._name_sequence = None  # type: ignore[attr-defined]  # it has dice of its own
    uuid._last_timestamp = uuid._node = None  # type: ignore[attr-defined]
    logging._startTime = time.time_ns()  # type: ignore[attr-defined]
    # Pyodide puts "" first at each start, and the build has started it once before.
    book = os.getcwd()
    sys.path[:] = dict.fromkeys([book, os.path.join(book, "steps"), "", *sys.path])
    # The files were written again. importlib.invalidate_caches() would also forget what
    # is in the standard library, and a page would have to fetch that.
    for finder in sys.path_importer_cache.values():
        if isinstance(finder, FileFinder):
            finder.invalidate_caches()
