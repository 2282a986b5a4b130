"""The steps in the order of the story, read from the folder ``steps/``.

Nothing about a step is written down twice: its sentence, what is new in it and what
is still wrong with it are the first lines of its own docstring.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import parsing

ROOT = Path(__file__).resolve().parent.parent
STEPS = ROOT / "steps"
ADDRESS: dict[str, str | int] = {"host": "127.0.0.1", "port": 9011}

_NAME = re.compile(r"(server|utils|client)(\d\d)(_\w+)?")


@dataclass(frozen=True)
class Step:
    """One file of the story, or one of the reader's.

    Nothing of it is read before it is asked for.
    """

    path: Path

    @property
    def sentence(self) -> str:
        """What it can do now: the first line of its docstring."""
        return self._said[0]

    @property
    def new(self) -> str:
        """What it adds."""
        return self._said[1]

    @property
    def wrong(self) -> str:
        """What is left for the next one to mend."""
        return self._said[2]

    @property
    def _said(self) -> tuple[str, str, str]:
        """What its docstring says; ValueError if that has not the form it needs."""
        lines = (ast.get_docstring(parsing.tree(self.path)) or "").splitlines()
        found = {
            label: line.removeprefix(label).strip()
            for line in lines
            for label in ("New:", "Still wrong:")
            if line.startswith(label)
        }
        if not lines or set(found) != {"New:", "Still wrong:"}:
            form = "a sentence, followed by the lines 'New: ...' and 'Still wrong: ...'"
            raise ValueError(f"{self.path.name}: its docstring has to open with {form}")
        return lines[0], found["New:"], found["Still wrong:"]

    @property
    def name(self) -> str:
        """The file's name without its ending, such as ``server05``."""
        return self.path.stem

    @property
    def kind(self) -> str:
        """``server``, ``utils`` or ``client``; ``other`` for a file of the reader's.

        A ``side`` step is the same server by other means: ``server09_protocol``. A
        ``module`` is what steps import, and named for what it is: ``terminal``.
        """
        known = _NAME.fullmatch(self.name)
        if not known:
            return "module" if self.path.parent == STEPS else "other"
        return "side" if known[3] else known[1]

    @property
    def number(self) -> str:
        """The two digits in the name, such as ``05``; empty where there are none."""
        known = _NAME.fullmatch(self.name)
        return known[2] if known else ""

    @property
    def listens(self) -> bool:
        """Whether ``main`` takes a port, so that somebody can connect.

        A ``main`` that the text of the file does not show, one that is imported for
        instance, is taken for one that does: only running the file can tell.
        """
        return any(_takes_a_port(node) for node in self._mains())

    @property
    def plain_main(self) -> ast.FunctionDef | None:
        """A ``main`` that is no coroutine function and returns nothing, if it is one.

        A plain one that returns something may return a coroutine.
        """
        found = self._mains()
        last = found[-1] if found else None
        if not isinstance(last, ast.FunctionDef) or last.decorator_list:
            return None
        returns = (n for n in ast.walk(last) if isinstance(n, ast.Return) and n.value)
        return None if any(returns) else last

    def _mains(self) -> list[ast.stmt]:
        """Return the statements outside of all functions that give ``main`` a value."""
        body = parsing.tree(self.path).body
        return [node for node in _outside_of_functions(body) if _binds_main(node)]

    @property
    def imports(self) -> tuple[str, ...]:
        """The names of the files that this one imports: those of steps/ and its own."""
        names = [
            name
            for node in ast.walk(parsing.tree(self.path))
            for name in _imported(node)
            if _NAME.fullmatch(name) or self.file_of(name) is not None
        ]
        return tuple(dict.fromkeys(names))

    def file_of(self, name: str) -> Path | None:
        """Return the file that it imports by this name: one beside it, or of steps/."""
        for folder in (self.path.parent, STEPS):
            if (path := folder / f"{name}.py").is_file() and path != self.path:
                return path
        return None

    @property
    def own_files(self) -> tuple[Path, ...]:
        """The files beside it that take the place of one of steps/."""
        if self.path.parent == STEPS:
            return ()
        beside = (self.path.parent / path.name for path in sorted(STEPS.glob("*.py")))
        return tuple(p for p in beside if p.is_file() and p != self.path)

    @property
    def framing(self) -> "Step | None":
        """The file that takes messages off a stream for it, if it imports one."""
        seen, asked = {self.path}, [self]
        while asked:
            paths = [of.file_of(n) for of in asked for n in reversed(of.imports)]
            asked = [Step(p) for p in dict.fromkeys(paths) if p and p not in seen]
            for file in asked:
                if file.reads_messages:
                    return file
            seen |= {file.path for file in asked}
        return None

    @property
    def reads_messages(self) -> bool:
        """Whether it has a function of its own that takes messages off a stream."""
        functions = {
            node.name
            for node in parsing.tree(self.path).body
            if isinstance(node, ast.AsyncFunctionDef)
        }
        return not functions.isdisjoint({"new_messages", "new_payloads"})


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []


def _outside_of_functions(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, and those within an ``if``, a ``try`` or a ``with``."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for _, inside in ast.iter_fields(node):
                for part in inside if isinstance(inside, list) else []:
                    if isinstance(part, ast.stmt):
                        yield from _outside_of_functions([part])
                    elif isinstance(part, ast.ExceptHandler | ast.match_case):
                        yield from _outside_of_functions(part.body)


def _binds_main(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(name="main") | ast.AsyncFunctionDef(name="main"):
            return True
        case ast.Import() | ast.ImportFrom():
            return any((n.asname or n.name) in ("main", "*") for n in node.names)
        case ast.Assign():
            names = (n for target in node.targets for n in ast.walk(target))
            return any(isinstance(n, ast.Name) and n.id == "main" for n in names)
        case ast.AnnAssign(target=ast.Name(id="main")):
            return node.value is not None
    return False


def _takes_a_port(main: ast.stmt) -> bool:
    if not isinstance(main, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    taken = main.args
    named = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
    return bool(taken.vararg or taken.kwarg) or "port" in [a.arg for a in named]


class CannotDo(Exception):
    """What was asked for cannot be done; the text says why, and what would help."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook shows: where it happened is of no help."""
        return [f"{type(self).__name__}: {self}"]


class NoSuchStep(CannotDo, LookupError):
    """There is no step of that name; the text says which there are."""


def steps() -> list[Step]:
    """All steps in the order of the story.

    A file that others import comes right before the first that does, a side step
    right after its server; the clients come last.
    """
    paths = sorted(STEPS.glob("*.py"))
    return [*_in_order(tuple((path, path.stat().st_mtime_ns) for path in paths))]


@cache
def _in_order(files: tuple[tuple[Path, int], ...]) -> tuple[Step, ...]:
    """Return the steps in these files, of which it is known when they have changed."""
    found = {step.name: step for step in (Step(path) for path, _ in files)}
    order: dict[str, None] = {}

    def add(name: str) -> None:
        for other in found[name].imports:
            if other in found:
                add(other)
        order[name] = None

    for name, step in found.items():
        if step.kind == "server":
            add(name)
            aside = (s for s in found.values() if s.number == step.number)
            order.update({s.name: None for s in aside if s.kind == "side"})
    for name in found:  # the clients, and what nobody imports
        add(name)
    return tuple(found[name] for name in order)


def steps_of(kind: str) -> list[Step]:
    """Return the steps of one kind, in their order."""
    return [step for step in steps() if step.kind == kind]


def up_to(step: Step) -> list[str]:
    """Return the names of the servers up to a server or a side step, in their order."""
    names = [other.name for other in steps_of("server")]
    return names[: names.index(f"server{step.number}") + 1]


def find(name: str) -> Step:
    """Return the step called ``05``, ``5`` or ``server05``, or a file of one's own.

    A file whose name does not end in ``.py`` is found if no step is called like it.
    Raises NoSuchStep, with the names that there are.
    """
    path = Path(name)
    if path.suffix == ".py" and path.is_file():
        return Step(path.resolve())
    digits = name.isascii() and name.isdecimal()
    wanted = f"server{int(name):02}" if digits else name
    step = Step(STEPS / f"{wanted}.py")
    if step.kind != "other" and step.path.is_file():
        return step
    if path.is_file():
        return Step(path.resolve())
    names = ", ".join(step.name for step in steps())
    raise NoSuchStep(f"there is no step {name!r}; the steps are {names}")


class NoServer(CannotDo):
    """A file of the reader's is no server that could be started; the text says why."""


def own_file(path: Path) -> Step:
    """Return a reader's file as a step; NoServer if Python could not run its ``main``.

    What only running it can tell is not known yet.
    """
    if not path.is_file():
        raise NoServer(f"there is no file {path}")
    step = Step(path.resolve())
    try:
        plain = step.plain_main
    except SyntaxError as error:
        line = "" if error.lineno is None else f", line {error.lineno}"
        raise NoServer(f"{path}{line}: {error.msg}") from error
    except ValueError as error:  # such as bytes that are not UTF-8
        raise NoServer(f"{path} is no Python file: {error}") from error
    if plain is not None:
        command = f"python -m lab check STEP -- python {path} {{port}}"
        raise NoServer(
            f"{path}, line {plain.lineno}: main is not a coroutine function; write "
            f"'async def main(host, port)', or check it as a command: {command}"
        )
    return step


def own_server(path: Path) -> Step:
    """Return a reader's file as a step; NoServer if it has no ``main(host, port)``."""
    step = own_file(path)
    if not step.listens:
        raise NoServer(f"{path} has no main(host, port): nobody can call it")
    return step


def markdown() -> str:
    """Return the story as the table that stands in the README."""
    rows = [f"| `{step.name}` | {step.sentence} | {step.wrong} |" for step in steps()]
    head = "| step | what it does | still wrong, until the next step |"
    return "\n".join([head, "|---|---|---|", *rows])
