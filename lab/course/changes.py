"""What a step changes against the step before it: counted, marked, and as a diff."""

import ast
import difflib
import io
import tokenize
from collections.abc import Iterator

from lab import parsing, story
from lab.story import Step


def before(step: Step) -> Step | None:
    """Return the step of the same kind that comes right before; None for the first.

    What comes before a side step is the server that it is another form of. Nothing
    comes before a module: it does not repeat another one.
    """
    if step.kind == "side":
        return story.find(step.number)
    if step.kind == "module":
        return None
    same = [other for other in story.steps() if other.kind == step.kind]
    place = [other.name for other in same].index(step.name)
    return same[place - 1] if place else None


def source(step: Step | None) -> str:
    """Return the text of a step; nothing for no step."""
    return parsing.text(step.path) if step else ""


def count(old: str, new: str) -> int:
    """Return how many lines of code change.

    Blank lines, comments and docstrings do not count: a reason never costs a step its
    limit. Lines that are replaced count once: the larger of what goes and what comes.
    """
    first, second = code(old), code(new)
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return sum(
        max(end - start, last - begin)
        for tag, start, end, begin, last in matcher.get_opcodes()
        if tag != "equal"
    )


def added(step: Step, previous: Step) -> int:
    """Return how many lines of code are new, and not only moved into another file.

    Those are the lines of the step, and of the files that it imports and the one before
    it does not, that equal no line of the step before.
    """
    known = {line.strip() for line in code(source(previous))}
    files = [story.find(n) for n in step.imports if n not in previous.imports]
    lines = [line for file in [step, *files] for line in code(source(file))]
    return sum(line.strip() not in known for line in lines)


def changed_lines(old: str, new: str) -> list[int]:
    """Return the numbers, from 1, of the lines of ``new`` that are new or altered."""
    first, second = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return [
        number + 1
        for tag, _, _, begin, last in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for number in range(begin, last)
        if second[number].strip()
    ]


def diff(old: str, new: str, *, inside: str = "", context: int = 2) -> list[str]:
    """Return the difference as lines that begin with ``+``, ``-`` or a space.

    ``inside`` names a function or a method, such as ``Client.send``, to see only that.
    Parts that lie apart are separated by a line of three dots. Raises LookupError if
    neither text has such a function.
    """
    if inside:
        old, new = (_part(text, inside) for text in (old, new))
        if not old and not new:
            raise LookupError(f"there is no {inside}")
    lines = list(
        difflib.unified_diff(old.splitlines(), new.splitlines(), n=context, lineterm="")
    )
    return [line if not line.startswith("@@") else "..." for line in lines[3:]]


def names(text: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every function, class and method by its dotted name."""

    def walk(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield prefix + node.name, node
                yield from walk(node.body, f"{prefix}{node.name}.")

    return walk(parsing.parsed(text).body, "")


def _part(text: str, name: str) -> str:
    for found, node in names(text):
        if found == name:
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            return "\n".join(lines)
    return ""


def code(text: str) -> list[str]:
    """Return the lines of code, each without its comment, blank lines left out."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    skip = _documentation(parsing.parsed(text))
    return [
        line.rstrip()
        for number, line in enumerate(lines, 1)
        if line.strip() and number not in skip
    ]


def _documentation(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that docstrings take."""
    found: set[int] = set()
    for node in ast.walk(tree):
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            first = node.body[0]
            found |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return found
