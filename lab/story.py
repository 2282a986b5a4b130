"""The steps in the order of the story, read from the folder ``steps/``.

Nothing about a step is written down twice: its sentence, what is new in it and what
is still wrong with it are the first lines of its own docstring.
"""

import ast
import re
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
        """Whether ``main`` takes a port, so that somebody can connect."""
        return "port" in self._parameters()

    def arguments(self, **given: str | int | None) -> dict[str, str | int]:
        """Return what to call ``main`` with, of ``host`` and ``port``.

        What is not given is left to ``main``, unless it has no default of its own.
        """
        if not self.listens:
            return {}
        found: dict[str, str | int] = {}
        for name, demanded in self._parameters().items():
            value = given.get(name)
            if value is None and demanded:
                value = ADDRESS.get(name)
            if value is not None:
                found[name] = value
        return found

    def _parameters(self) -> dict[str, bool]:
        """Return what ``main`` takes, and of each whether it has to be given."""
        for node in parsing.tree(self.path).body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name == "main":
                names = [argument.arg for argument in node.args.args]
                demanded = len(names) - len(node.args.defaults)
                taken = {name: i < demanded for i, name in enumerate(names)}
                for argument, default in zip(
                    node.args.kwonlyargs, node.args.kw_defaults, strict=True
                ):
                    taken[argument.arg] = default is None
                return taken
        return {}

    @property
    def imports(self) -> tuple[str, ...]:
        """The names of the other steps' files that this one imports."""
        names = [
            name
            for node in parsing.tree(self.path).body
            for name in _imported(node)
            if _NAME.fullmatch(name) or (STEPS / f"{name}.py").is_file()
        ]
        return tuple(dict.fromkeys(names))

    @property
    def framing(self) -> "Step | None":
        """The file that it imports to take messages off a stream, if it imports one."""
        files = [Step(STEPS / f"{name}.py") for name in reversed(self.imports)]
        return next((file for file in files if file.reads_messages), None)

    @property
    def reads_messages(self) -> bool:
        """Whether it has a function of its own that takes messages off a stream."""
        functions = {
            node.name
            for node in parsing.tree(self.path).body
            if isinstance(node, ast.AsyncFunctionDef)
        }
        return not functions.isdisjoint({"new_messages", "new_payloads"})


def _imported(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []


class CannotDo(Exception):
    """What was asked for cannot be done; the text says why, and what would help."""


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

    Raises NoSuchStep, with the names that there are.
    """
    path = Path(name)
    if path.suffix == ".py" and path.is_file():
        return Step(path.resolve())
    wanted = f"server{int(name):02}" if name.isdecimal() else name
    step = Step(STEPS / f"{wanted}.py")
    if step.kind != "other" and step.path.is_file():
        return step
    names = ", ".join(step.name for step in steps())
    raise NoSuchStep(f"there is no step {name!r}; the steps are {names}")


class NoServer(CannotDo):
    """A file of the reader's is no server that could be started; the text says why."""


def own_server(path: Path) -> Step:
    """Return a reader's file as a step; NoServer if it has no ``main(host, port)``."""
    if not path.is_file():
        raise NoServer(f"there is no file {path}")
    step = Step(path.resolve())
    try:
        listens = step.listens
    except SyntaxError as error:
        raise NoServer(f"{path}, line {error.lineno}: {error.msg}") from error
    except ValueError as error:  # such as bytes that are not UTF-8
        raise NoServer(f"{path} is no Python file: {error}") from error
    if not listens:
        raise NoServer(f"{path} has no main(host, port): nobody can call it")
    return step


def markdown() -> str:
    """Return the story as the table that stands in the README."""
    rows = [f"| `{step.name}` | {step.sentence} | {step.wrong} |" for step in steps()]
    head = "| step | what it does | still wrong, until the next step |"
    return "\n".join([head, "|---|---|---|", *rows])
