"""A Python that has imported the lab already: for the snapshot that pages start from.

The book's build calls ``prepare`` and saves the memory of that Python. A page loads
the memory and calls ``wake``, which renews all that must differ from page to page.
"""

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

# What the programs of the book import, or what takes long and many of them need.
MODULES = (
    *("argparse", "ast", "cProfile", "errno", "inspect", "io", "logging.handlers"),
    *("pstats", "queue", "runpy", "signal", "statistics", "subprocess", "textwrap"),
    *("threading", "tracemalloc", "unicodedata"),
    *("lab.behaviours", "lab.cells", "lab.check", "lab.client", "lab.host"),
    *("lab.mistakes.mutants", "lab.mistakes.twins", "lab.network"),
    *("lab.pictures.sequence", "lab.pictures.timeline", "lab.pictures.unsent"),
    *("lab.search", "lab.simulation", "lab.stepper", "lab.stepper.scene"),
)


def prepare() -> None:
    """Import what pages need, and forget what would only make the snapshot larger."""
    for name in MODULES:
        importlib.import_module(name)
    linecache.clearcache()
    gc.collect()


def wake() -> None:
    """Make this Python, whose memory was loaded, as different as one just started.

    The order of strings in a set stays the same in every page: the key of their hashes
    is chosen when Python starts, and cannot be changed afterwards.
    """
    random.seed()  # else every page would throw the same dice
    tempfile._name_sequence = None  # type: ignore[attr-defined]  # it has dice of its own
    uuid._last_timestamp = uuid._node = None  # type: ignore[attr-defined]
    logging._startTime = time.time_ns()  # type: ignore[attr-defined]
    if hasattr(time, "tzset"):
        time.tzset()  # the reader lives in another time zone than the build
    # Pyodide puts "" first at each start, and has been started twice.
    sys.path[:] = dict.fromkeys(["", *sys.path])
    book = os.getcwd()
    sys.path[:0] = [book, os.path.join(book, "steps")]
    # The files were written again. Nothing else is to be forgotten: the list of what
    # is in the standard library saves a page from fetching that.
    for finder in sys.path_importer_cache.values():
        if isinstance(finder, FileFinder):
            finder.invalidate_caches()
