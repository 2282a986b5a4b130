"""What in a source swallows an exception that comes in a certain line."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab import parsing

CATCHING = {"BaseException", "CancelledError"}
RERAISE = "end it with raise, so that the task ends"


class Catcher(NamedTuple):
    """What swallows a cancellation: its line, what to call it, what to do."""

    line: int
    what: str
    instead: str
    bare: bool


def around(file: str, line: int) -> Catcher | None:
    """Return the innermost thing around a line that swallows CancelledError."""
    tree = parsing.tree(Path(file))
    found = None
    for node in ast.walk(tree):  # outer ones come first
        found = _catcher(node, line) or found
    return found


def _catcher(node: ast.AST, line: int) -> Catcher | None:
    if isinstance(node, ast.Try):
        leaving = next(_leaving(node.finalbody), None)
        if leaving is not None and node.lineno <= line <= (node.end_lineno or 0):
            what = f"{type(leaving).__name__.lower()} in a finally"
            return Catcher(leaving.lineno, what, "move it out of there", False)
        if _contains(node.body, line):
            return next(_handlers(node), None)
    if isinstance(node, ast.With | ast.AsyncWith) and _contains(node.body, line):
        return next(_suppressions(node), None)
    return None


def _handlers(node: ast.Try) -> Iterator[Catcher]:
    for handler in node.handlers:
        names = _names(handler.type)
        if handler.type is not None and not names & CATCHING:
            continue
        if isinstance(handler.body[-1], ast.Raise):
            return  # it takes this one, and passes it on
        if handler.type is None:
            instead = "write except Exception"
            yield Catcher(handler.lineno, "except:", instead, True)
        else:
            what = f"except {ast.unparse(handler.type)}"
            yield Catcher(handler.lineno, what, RERAISE, False)


def _suppressions(node: ast.With | ast.AsyncWith) -> Iterator[Catcher]:
    for item in node.items:
        call = item.context_expr
        if not isinstance(call, ast.Call) or "suppress" not in _names(call.func):
            continue
        if any(_names(argument) & CATCHING for argument in call.args):
            what, instead = ast.unparse(call), "suppress Exception, or less"
            yield Catcher(node.lineno, what, instead, False)


def _leaving(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what leaves a block, and takes no exception along."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Return | ast.Break | ast.Continue):
                yield node


def _names(node: ast.expr | None) -> set[str]:
    """Return the names in an expression, without what stands before their dots."""
    if node is None:
        return set()
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }


def _contains(body: list[ast.stmt], line: int) -> bool:
    return any(n.lineno <= line <= (n.end_lineno or n.lineno) for n in body)
