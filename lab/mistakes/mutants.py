"""Makes mutants of a file: copies with one small change each, which nobody asked for.

What is changed is what people get wrong: a condition, a number, a line that is not
there. Left alone is what only readers see: docstrings, annotations, prose, prints.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from lab import parsing

OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
# The same, off by one.
NEIGHBOURS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
ACTS = (ast.Await, ast.Call)  # expressions that stand for what they do
JUMPS = (ast.Raise, ast.Continue, ast.Break, ast.Delete, ast.AugAssign)

Change = tuple[ast.AST, str]  # what is replaced, and the source that takes its place


@dataclass(frozen=True)
class Mutant:
    """A text with one change: in this line ``old`` has become ``new``."""

    line: int
    old: str
    new: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {_short(self.old)}  ->  {_short(self.new)}"


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a Python file, in the order of its lines."""
    tree = parsing.parsed(text)
    found = [change for node in _walk(tree) for change in _changes(node)]
    for node, new in sorted(found, key=lambda change: _place(change[0])):
        old = ast.get_source_segment(text, node)
        assert old is not None, "every node that is changed has a place"
        before, after = _around(text, node)
        yield Mutant(_place(node)[0], old, new, f"{before}{new}{after}")


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, but for what only readers see."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not _is_for_readers(node, child):
            yield from _walk(child)


def _is_for_readers(parent: ast.AST, child: ast.AST) -> bool:
    if isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, ast.Expr) and ast.unparse(child).startswith("print("):
        return True
    if isinstance(child, ast.If) and "__name__" in ast.unparse(child.test):
        return True
    annotations = (getattr(parent, name, None) for name in ("annotation", "returns"))
    return any(child is annotation for annotation in annotations)


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield what may become of one node."""
    match node:
        case ast.Compare(ops=[operator]):
            yield from _swapped(node, operator)
        case ast.BoolOp(values=operands):
            yield from ((node, ast.unparse(operand)) for operand in operands)
        case ast.BinOp(op=operator):
            yield from _swapped(node, operator)
            yield node, ast.unparse(node.left)
        case ast.UnaryOp(op=ast.Not()):
            yield node, ast.unparse(node.operand)
        case ast.Constant(value=value):
            yield from ((node, repr(other)) for other in _others(value))
        case ast.Expr(value=value) if isinstance(value, ACTS):
            yield node, "pass"
        case ast.Return(value=None):
            yield node, "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, "pass"
        case ast.ExceptHandler(type=ast.Name() as caught):
            yield caught, "()"
        case ast.ExceptHandler(type=ast.Tuple() as caught):
            for kind in caught.elts:
                yield kind, "()"
        case ast.Call(keywords=[ast.keyword(), *_]):
            for number in range(len(node.keywords)):
                fewer = copy.copy(node)
                fewer.keywords = [*node.keywords[:number], *node.keywords[number + 1 :]]
                yield node, ast.unparse(fewer)
    if isinstance(node, JUMPS):
        yield node, "pass"
    test = getattr(node, "test", None)
    if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        yield test, f"not {ast.unparse(test)}"


def _swapped(node: ast.Compare | ast.BinOp, operator: ast.AST) -> Iterator[Change]:
    """Yield an expression with its operator's opposite, and with its neighbour."""
    for others in (OPPOSITES, NEIGHBOURS):
        if other := others.get(type(operator)):
            changed = copy.copy(node)
            if isinstance(changed, ast.Compare):
                changed.ops = [other()]  # type: ignore[list-item]  # one of the same kind
            else:
                changed.op = other()  # type: ignore[assignment]  # of the same kind
            yield node, f"({ast.unparse(changed)})"


def _others(value: object) -> Iterator[object]:
    """Yield what may stand in the place of a constant."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, str) and " " not in value:  # else it is prose
        yield f"{value}X"


def _around(text: str, node: ast.AST) -> tuple[str, str]:
    """Return what comes before a node in the text, and what comes after it."""
    lines = text.encode().splitlines(keepends=True)
    first, column, last, end = _place(node)
    before = b"".join([*lines[: first - 1], lines[first - 1][:column]])
    after = b"".join([lines[last - 1][end:], *lines[last:]])
    return before.decode(), after.decode()


def _place(node: ast.AST) -> tuple[int, int, int, int]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    first, column, last, end = (getattr(node, name) for name in names)
    return first, column, last, end


def _short(code: str) -> str:
    code = " ".join(code.split())
    return code if len(code) <= 60 else f"{code[:57]}..."
