"""Runs cells of Python in a loop that runs already, as the page in a browser does.

A cell may ``await`` where a notebook's may, and shows its last expression. A program
runs as it is: its ``asyncio.run(main())`` runs ``main`` here, in this loop, and cancels
afterwards what is left, as it would anywhere. Cells share their names, and several may
run at a time: a server in one, and a client in the next.
"""

import ast
import asyncio
import builtins
import html
import io
import linecache
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from lab import parsing, simulation, story
from lab.check.simulated import check_in_simulation

T = TypeVar("T")

MAX_CHARACTERS = 100_000  # that one run of a cell may print: more is not read
CUT = "\n... and so on: the rest is left out.\n"

# Which cell a task belongs to. A task inherits it from the one that has created it.
_cell: ContextVar[str] = ContextVar("cell", default="")

# Frames of a traceback that the reader has not written: of what stands in for the
# network and for asyncio.run, and of what runs the page.
_FRAMES = (
    re.escape(str(Path(__file__).parent)) + r"[/\\].*",
    r".*pyodide[/\\].*",
    r".*asyncio[/\\]runners\.py.*",
    r".*asyncio[/\\]base_events\.py.* in run_(?:until_complete|forever)",
)
# A frame is a line with its file, and deeper lines. An exception group draws in front.
_OURS = re.compile(
    rf'^(?P<drawn>[ |+-]*)  File "(?:{"|".join(_FRAMES)})\n(?:(?P=drawn)    .*\n)*',
    re.MULTILINE,
)
# What a page cannot do, by the words of the error that says so.
_LACKING = {
    "can't start new thread": "A page has no threads: start a task with "
    "asyncio.create_task, or run the program in a terminal."
}

Say = Callable[[str, str, str], None]  # cell, kind, text


class Session:
    """The cells of one page: what they have defined, and which of them are running.

    ``say`` is called with the cell, ``"out"`` or ``"err"``, and the text, whenever a
    cell or a task that it has started prints something. A check also says its verdict:
    ``"kept"`` or ``"broken"`` with the counts, ``"refused"`` with the reason.
    """

    def __init__(self, say: Say) -> None:
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            "__run__": run_here,
            "input": no_input,
        }
        self.say = say
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._left: dict[str, int] = {}  # characters that a cell may still print
        self._hidden = ""  # the folder of the file that was checked last
        self._before = sys.stdout, sys.stderr
        self._outputs = Output(self, "out"), Output(self, "err")
        sys.stdout, sys.stderr = self._outputs

    def close(self) -> None:
        """Give back what Python printed to before."""
        sys.stdout, sys.stderr = self._before

    async def run(self, cell: str, source: str, file: str = "") -> str:
        """Run a cell, and return its last expression as HTML; empty if there is none.

        What goes wrong in it is printed, as in a terminal; ``file`` is what the reader
        knows the program by.
        """
        self.stop(cell)
        self._left[cell] = MAX_CHARACTERS
        task = asyncio.create_task(self._run(cell, source, file), name=f"cell {cell}")
        self._running[cell] = task
        try:
            return await task
        except asyncio.CancelledError:
            return ""
        finally:
            if self._running.get(cell) is task:
                del self._running[cell]
            # The steps set sys.stdout to None at their end: other cells go on printing.
            sys.stdout = sys.stdout or self._outputs[0]
            sys.stderr = sys.stderr or self._outputs[1]

    async def check(self, cell: str, source: str, step: str) -> str:
        """Put a program to the behaviours up to a step, and return the report as HTML.

        Nothing is returned if it cannot be judged. The verdict is said.
        """
        self._left[cell] = MAX_CHARACTERS
        _cell.set(cell)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mine.py"
            path.write_text(source, encoding="utf-8")
            self._hidden = f"{folder}{os.sep}"
            try:
                report = check_in_simulation(path, story.find(step))
            except (story.CannotDo, simulation.Stuck, simulation.Spinning) as error:
                self.say(cell, "refused", self._known(f"It cannot be checked: {error}"))
                return ""
        self.say(cell, "kept" if report.kept else "broken", report.verdict)
        return self._known(shown(report))

    def stop(self, cell: str) -> None:
        """Press Ctrl-C for one cell, if it is running."""
        if cell in self._running:
            self._running[cell].cancel()

    def print(self, kind: str, text: str) -> None:
        """Pass on what was printed, as long as it is not too much."""
        cell = _cell.get()
        if kind == "err":
            text = _OURS.sub("", text)
        left = self._left.get(cell, MAX_CHARACTERS)
        if left > 0:
            self._left[cell] = left - len(text)
            cut = CUT if len(text) >= left else ""
            self.say(cell, kind, self._known(text[:left] + cut))

    def _known(self, text: str) -> str:
        """Return a text that calls the checked file what the reader calls it."""
        return text.replace(self._hidden, "") if self._hidden else text

    async def _run(self, cell: str, source: str, file: str) -> str:
        _cell.set(cell)
        name = file or f"<cell {cell}>"
        # So that a traceback can show the lines.
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        try:
            return shown(await evaluated(source, name, self.names))
        except (asyncio.CancelledError, KeyboardInterrupt):
            return ""  # stopped, as it was asked to be
        except SystemExit as end:
            if end.code not in (None, 0):
                print(end.code, file=sys.stderr)
        except BaseException as error:
            print(told(error, name), end="", file=sys.stderr)
        return ""


class Output(io.TextIOBase):
    """Stands in for ``sys.stdout``: what is printed goes to the cell that prints it."""

    def __init__(self, session: Session, kind: str) -> None:
        self._session, self._kind = session, kind

    @property
    def encoding(self) -> str:  # type: ignore[override]  # it cannot be set
        """Return UTF-8: a page has every letter."""
        return "utf-8"

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, text: str) -> int:
        """Pass on a text, and return its length."""
        if text:
            self._session.print(self._kind, text)
        return len(text)


async def evaluated(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run the source with these names, and return the value of its last expression.

    None if it does not end with one. Raises whatever the source raises.
    """
    parsed = parsing.parsed(source, name)
    tree = _Here(parsed).visit(parsed)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    value = None
    for part, mode in ((tree, "exec"), (last, "eval")):
        if part is not None:
            ast.fix_missing_locations(part)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            with parsing.nothing_collected():
                code: Any = compile(part, name, mode, flags=flags)
            value = eval(code, names)
            if asyncio.iscoroutine(value) and code.co_flags & 0x80:  # CO_COROUTINE
                value = await value
    return value if last is not None else None


class _Here(ast.NodeTransformer):
    """Lets ``asyncio.run(main())`` at the top level mean ``await __run__(main())``.

    A function of the top level that calls ``asyncio.run`` becomes one to await, and is
    awaited where the top level calls it; not if it brings a simulation to run it in.
    """

    def __init__(self, tree: ast.Module) -> None:
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        texts = {function.name: ast.unparse(function) for function in functions}
        self._starting = {
            name
            for name, text in texts.items()
            if "asyncio.run(" in text and "simulation." not in text
        }

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = ast.unparse(node.func)
        if called == "asyncio.run":
            node.func = ast.copy_location(ast.Name("__run__", ast.Load()), node.func)
        elif called not in self._starting:
            return node
        return ast.copy_location(ast.Await(node), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name not in self._starting:
            return node  # within it there is nothing to await in
        self.generic_visit(node)
        parts = {name: getattr(node, name) for name in node._fields}
        return ast.copy_location(ast.AsyncFunctionDef(**parts), node)

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave


async def run_here(main: Coroutine[Any, Any, T], **_: Any) -> T:
    """Do what ``asyncio.run`` does, in the loop that runs already.

    Whoever cancels this presses Ctrl-C: ``main`` is cancelled, and when everything has
    tidied up KeyboardInterrupt is raised.
    """
    if not asyncio.iscoroutine(main):
        raise ValueError(f"a coroutine was expected, got {main!r}")
    before = asyncio.all_tasks()
    task = asyncio.create_task(main)
    interrupted = False
    try:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                interrupted = True
                task.cancel()
        if interrupted and task.cancelled():
            raise KeyboardInterrupt
        return task.result()
    finally:
        left = {t for t in asyncio.all_tasks() - before if _cell_of(t) == _cell.get()}
        for other in left:
            other.cancel()
        if left:
            await asyncio.wait(left)


def _cell_of(task: asyncio.Task[Any]) -> str:
    """Return the cell that a task belongs to; before Python 3.12 nobody can tell."""
    if sys.version_info < (3, 12):
        return _cell.get()
    return task.get_context().get(_cell, "")


def shown(value: Any) -> str:
    """Return a value as HTML; nothing for None."""
    if value is None:
        return ""
    picture = getattr(value, "_repr_html_", None)
    if picture is not None:
        return str(picture())
    return f"<pre>{html.escape(builtins.repr(value))}</pre>"


def told(error: BaseException, name: str) -> str:
    """Return a traceback that begins in the cell."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    for words, why in _LACKING.items():
        if words in str(error) and why not in getattr(error, "__notes__", ()):
            error.add_note(why)
    with parsing.nothing_collected():
        return "".join(traceback.format_exception(type(error), error, trace))


def no_input(prompt: object = "") -> str:
    """Stand in for ``input``: in a page nobody can answer."""
    raise RuntimeError(
        "input() does not work in a page: write the answer into the program, "
        "or run it in a terminal"
    )
