"""Reads Python source, and writes down exceptions, undisturbed by the collector.

Python 3.11 up to 3.11.4 keeps the depth of its parser once for the whole process. A
garbage collection in the middle of ``ast.parse`` may end a task that has failed, the
loop then complains of it with a traceback, and a traceback calls ``ast.parse`` for its
carets: the outer call fails with "AST constructor recursion depth mismatch". So nothing
is collected while one of these works. See github.com/python/cpython/issues/106905.
"""

import ast
import gc
import tokenize
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Put the garbage collector off until the end of the block."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parsed(source: str | bytes, name: str = "<unknown>") -> ast.Module:
    """Return the tree of a source; raises as ``ast.parse`` does."""
    with nothing_collected():
        return ast.parse(source, name)


def tree(path: Path) -> ast.Module:
    """Return the tree of a file, which is parsed once for as long as it stays as is."""
    return _tree(path, path.stat().st_mtime_ns)


@cache
def _tree(path: Path, changed: int) -> ast.Module:
    return parsed(path.read_bytes(), str(path))


def text(path: Path) -> str:
    """Return the text of a file as Python reads it: in the encoding that it names."""
    with tokenize.open(path) as file:
        return file.read()


def value(source: str) -> Any:
    """Return the value of a literal; raises as ``ast.literal_eval`` does."""
    with nothing_collected():
        return ast.literal_eval(source)


def told(error: BaseException) -> str:
    """Return what Python prints of an exception that nobody catches."""
    with nothing_collected():
        return "".join(traceback.format_exception(error))
