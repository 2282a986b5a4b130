"""Starts a step and ends it again: in the running loop, or as a process of its own.

``start`` is for a notebook or a test: the step runs in the loop that is running
already, and what it prints is kept instead of being lost among the cells.
``start_process`` is for what only a real process can show: signals and exit codes.

Either way the end is bounded. Cancelling the ``main`` of a step before server07 hangs
on Python 3.12 and 3.13 as long as a client is connected, so the clients go first.
"""

import ast
import asyncio
import codecs
import importlib.util
import io
import itertools
import re
import signal
import sys
import traceback
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Self

from lab import parsing, story
from lab.client import Client, Connection, connect
from lab.notyet import NotYet
from lab.story import ROOT, STEPS, Step

PATIENCE = 5.0  # seconds for a step to print something, and for each part of its end
START = 30.0  # seconds to its first line: on a busy machine a process begins slowly
CANCELLED = 1.0  # seconds for a cancelled task to end: it has nothing to wait for
CHUNK = 65536  # bytes taken off a pipe at a time: what a pipe holds on Linux

_LISTENING = re.compile(r"Listening on (.+):(\d+)$")
_loads = itertools.count(1)


class Transcript:
    """What a step has printed, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._unfinished = ""
        self._shown = 0
        self._news = asyncio.Event()

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def print(self, *values: object, sep: str = " ", end: str = "\n", **_: Any) -> None:
        """Stand in for the builtin of the same name."""
        self.add(sep.join(map(str, values)) + end)

    def add(self, text: str) -> None:
        """Take more of what was printed; a line counts when it is complete."""
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        self.lines += lines
        self._news.set()

    def news(self) -> str:
        """Return the lines that have come since this was last asked."""
        self._shown, since = len(self.lines), self._shown
        return "\n".join(self.lines[since:])

    async def find(self, pattern: str, patience: float, times: int = 1) -> str:
        """Wait until the regular expression matches in so many lines; return the last.

        Raises TimeoutError if that takes longer than so many seconds.
        """
        async with asyncio.timeout(patience):
            while True:
                found = [line for line in self.lines if re.search(pattern, line)]
                if len(found) >= times:
                    return found[times - 1]
                self._news.clear()
                await self._news.wait()


class Running:
    """A step that has been started; ``async with`` stops it at the end."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.transcript = Transcript()
        self.errors = Transcript()  # what a process would write to stderr
        self._address: tuple[str, int] | None = None
        self._clients: list[Client | Connection] = []

    def __repr__(self) -> str:
        where = " at {}:{}".format(*self._address) if self._address else ""
        return f"<{self.step.name}{where}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port that it listens on; NotYet if it does not listen."""
        if self._address is None:
            got = f"{self.step.name}, which does not listen"
            raise NotYet("a server that can be called", got)
        return self._address

    def printed(self) -> str:
        """Return what the step has printed since this was last asked."""
        return self.transcript.news()

    async def prints(
        self, fragment: str, patience: float = PATIENCE, times: int = 1
    ) -> str:
        """Wait until so many printed lines contain the fragment; return the last.

        NotYet if that takes longer than so many seconds.
        """
        try:
            return await self.transcript.find(re.escape(fragment), patience, times)
        except TimeoutError as error:
            last = "; ".join(list(self.transcript.lines)[-3:]) or "nothing"
            got = f"{last} within {patience:g} s"
            raise NotYet(f"the server to print {fragment!r}", got) from error

    async def connect(self, name: str, patience: float = PATIENCE) -> Client:
        """Connect a client to the step; stopping the step closes the client."""
        client = await connect(self, name, patience)
        self._clients.append(client)
        return client

    async def call(self) -> Connection:
        """Open a connection of raw bytes; stopping the step closes it."""
        connection = await Connection.open(self)
        self._clients.append(connection)
        return connection

    async def interrupt(
        self, patience: float = PATIENCE, number: int = signal.SIGINT
    ) -> int:
        """Press Ctrl-C and return the exit status; TypeError if it is no process."""
        raise TypeError("only a process can be sent a signal")

    async def stop(self) -> None:
        """End the clients, then the step, in bounded time."""
        # All at once: one may be held up by another, who does not read.
        async with asyncio.TaskGroup() as closing:
            for client in self._clients:
                closing.create_task(client.close())
        self._clients.clear()

    async def _first_line(self) -> str:
        """Wait for the line that says that it has started; TimeoutError without one."""
        pattern = _LISTENING.pattern if self.step.listens else ""
        return await self.transcript.find(pattern, START)

    def listens_at(self, host: str, port: int) -> None:
        """Note where it can be called."""
        self._address = host, port

    def _note_address(self, line: str) -> None:
        if found := _LISTENING.search(line):
            self.listens_at(found[1], int(found[2]))


class _Complaints:
    """What a loop is told of exceptions that nobody asked for: of steps, and of others.

    It stays when a step has ended: up to Python 3.11 asyncio complains of a client's
    task when it happens to be collected, and that may be long afterwards.
    """

    KEPT = "__errors__"  # in a step's module: where complaints about it go

    def __init__(self, before: Any) -> None:
        self.before = before

    def __call__(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        error = context.get("exception")
        errors = None if error is None else self.kept(error)
        if error is not None and errors is not None:
            errors.add(parsing.told(error))
        elif self.before is not None:
            self.before(loop, context)
        else:
            loop.default_exception_handler(context)

    def kept(self, error: BaseException) -> Transcript | None:
        """Return where complaints go about the step that the exception came through."""
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if self.KEPT in frame.f_globals:
                errors: Transcript = frame.f_globals[self.KEPT]
                return errors
        return self.kept(error.__context__) if error.__context__ is not None else None


class InLoop(Running):
    """A step that runs in the loop that was running already."""

    def __init__(self, step: Step, settings: Mapping[str, str]) -> None:
        super().__init__(step)
        self.module = load(step, settings)
        vars(self.module)["print"] = self.transcript.print
        self._main: asyncio.Task[None] | None = None
        self._before_clients: set[asyncio.Task[Any]] = set()

    @property
    def main(self) -> asyncio.Task[None]:
        """The task of ``main``, to be cancelled by whoever wants to see how it ends."""
        assert self._main is not None, "it has begun"
        return self._main

    async def begin(self, port: int) -> None:
        """Start ``main`` and wait until it listens, if this step does.

        Raises what ``main`` raises, such as OSError if the port is in use, and OSError
        if it ends instead.
        """
        self._take_over_errors()
        take_in = getattr(asyncio.get_running_loop(), "take_in", None)
        if take_in is not None:  # a simulation's
            take_in(self.module)
        main = self.module.main(**self.step.arguments(port=port))
        self._main = asyncio.create_task(main, name=self.step.name)
        line = asyncio.create_task(self._first_line())
        await asyncio.wait({self._main, line}, return_when="FIRST_COMPLETED")
        if self._main.done():
            line.cancel()
            await asyncio.wait({line})
            self._main.result()
            if line.cancelled():
                raise OSError(f"{self.step.name} ended at once")
        self._note_address(await line)
        self._before_clients = self.tasks()

    async def stop(self) -> None:
        """End the clients, then the step, in bounded time."""
        ours = bool(self._clients)
        await super().stop()
        if ours:  # what attended to them ends by itself; for others nobody knows
            await self._end(self.tasks() - self._before_clients, cancel=False)
        if self._main is not None:
            # A step that says goodbye gives its clients some time for that.
            patience = PATIENCE if hasattr(self.module, "run") else CANCELLED
            await self._end({self._main}, cancel=True, patience=patience)
            # Somebody else's connection may have held it up: see the module's text.
            await self._end(self.tasks(), cancel=True)
        sys.modules.pop(self.module.__name__, None)

    def _take_over_errors(self) -> None:
        """Keep the loop's complaints about this step, and pass on all others."""
        vars(self.module)[_Complaints.KEPT] = self.errors
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        if not isinstance(before, _Complaints):
            loop.set_exception_handler(_Complaints(before))

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that run code of this step."""
        return {
            task
            for task in asyncio.all_tasks()
            if (frame := getattr(task.get_coro(), "cr_frame", None)) is not None
            and frame.f_globals is vars(self.module)
        }

    async def _end(
        self,
        tasks: set[asyncio.Task[Any]],
        *,
        cancel: bool,
        patience: float | None = None,
    ) -> None:
        tasks = {task for task in tasks if not task.done()}
        if cancel:
            for task in tasks:
                task.cancel()
        if tasks:
            usual = CANCELLED if cancel else PATIENCE
            await asyncio.wait(tasks, timeout=patience or usual)


class Process(Running):
    """A step that runs as a process of its own, started by ``python -m lab run``."""

    def __init__(self, step: Step, process: asyncio.subprocess.Process) -> None:
        super().__init__(step)
        self.process = process
        self._reading = [
            asyncio.create_task(_read(process.stdout, self.transcript)),
            asyncio.create_task(_read(process.stderr, self.errors)),
        ]

    async def begin(self) -> None:
        """Wait until the step has printed that it listens, or its first line.

        Raises OSError, with what it wrote to stderr, if it ends instead.
        """
        line = asyncio.create_task(self._first_line())
        ended = asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait({line, ended}, return_when="FIRST_COMPLETED")
            if not line.done():
                await asyncio.wait(self._reading)
                raise OSError(f"{self.step.name} ended at once: {self.errors}")
            self._note_address(await line)
        finally:
            for task in (line, ended):
                task.cancel()
            await asyncio.wait({line, ended})

    async def interrupt(
        self, patience: float = PATIENCE, number: int = signal.SIGINT
    ) -> int:
        """Send what Ctrl-C sends, or another signal, and return the exit status.

        NotYet if the process does not end in so many seconds.
        """
        self.process.send_signal(number)
        return await self.exit_status(patience)

    async def exit_status(self, patience: float = PATIENCE) -> int:
        """Wait for the process to end; NotYet if it does not in so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await asyncio.wait(self._reading)
                return await self.process.wait()
        except TimeoutError as error:
            got = f"one that still runs after {patience:g} s"
            raise NotYet("a process that ends", got) from error

    async def stop(self) -> None:
        """End the clients, then the process: asked first, then forced."""
        await super().stop()
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await asyncio.wait(self._reading)


async def _read(stream: asyncio.StreamReader | None, transcript: Transcript) -> None:
    assert stream is not None, "the process was started with pipes"
    # Not readline: it gives up on a long line. A character may come in two portions,
    # and so may the end of a line on Windows.
    characters = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    decoder = io.IncrementalNewlineDecoder(characters, translate=True)
    while data := await stream.read(CHUNK):
        transcript.add(decoder.decode(data))
    transcript.add(decoder.decode(b"", final=True))


async def start(
    step: str | Step, *, port: int = 0, settings: Mapping[str, str] | None = None
) -> InLoop:
    """Start a step in the running loop, on a free port unless one is named.

    ``step`` is a name such as ``"05"``; ``settings`` changes upper-case constants of
    its module for this run. Raises NoSuchStep, OSError for a port in use, and
    ValueError for a setting that the step does not have.
    """
    running = InLoop(_found(step), settings or {})
    try:
        await running.begin(port)
    except BaseException:
        await running.stop()
        raise
    return running


async def start_process(
    step: str | Step,
    *,
    port: int = 0,
    settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Process:
    """Start a step as a process of its own, on a free port unless one is named.

    ``python`` is the interpreter that runs it. Raises OSError, with what the process
    wrote, if it cannot be started.
    """
    step = _found(step)
    options = [f"--set={name}={value}" for name, value in (settings or {}).items()]
    command = [python, "-m", "lab", "run", _argument(step), f"--port={port}"]
    with ctrl_c_for_children():
        process = await asyncio.create_subprocess_exec(
            *command, *options, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT
        )
    running = Process(step, process)
    try:
        await running.begin()
    except BaseException:
        await running.stop()
        raise
    return running


@contextmanager
def ctrl_c_for_children() -> Iterator[None]:
    """Let Ctrl-C reach the processes that are started in the block.

    A shell starts the jobs in its background with Ctrl-C switched off, and a process
    hands that on to those that it starts. A step has to hear it all the same.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def standing_in(name: str, path: Path | None) -> Iterator[None]:
    """Let steps that are loaded in the block import this file as the module ``name``.

    Without a file, everything is as it was.
    """
    before = sys.modules.get(name)
    if path is not None:
        sys.modules[name] = load(Step(path))
    try:
        yield
    finally:
        if before is not None:
            sys.modules[name] = before
        elif path is not None:
            del sys.modules[name]


def load(step: Step, settings: Mapping[str, str] | None = None) -> ModuleType:
    """Import a step afresh, with some of its upper-case constants changed.

    Every call returns a module of its own, so that two runs of a step share nothing.
    Raises ValueError for a setting that the step does not have.
    """
    if str(STEPS) not in sys.path:
        sys.path.insert(0, str(STEPS))
    name = f"{step.path.stem}_run{next(_loads)}"
    spec = importlib.util.spec_from_file_location(name, step.path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{step.path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(_compiled(step.path, step.path.stat().st_mtime_ns), vars(module))
    for setting, value in (settings or {}).items():
        change(module, setting, value)
    return module


@cache
def _compiled(path: Path, changed: int) -> CodeType:
    """Return the code of a file. A search loads the same step hundreds of times."""
    return compile(path.read_bytes(), str(path), "exec")


def had(step: Step, settings: Mapping[str, str]) -> dict[str, str]:
    """Return those of the settings that a step has, or a file that it imports.

    The step is not run for that: it may be anybody's.
    """
    found = {}
    for setting, value in settings.items():
        file, _, name = setting.rpartition(".")
        path = STEPS / f"{file}.py" if file in step.imports else step.path
        if (not file or file in step.imports) and name in _constants(path):
            found[setting] = value
    return found


def _constants(path: Path) -> frozenset[str]:
    """Return the names to which a file assigns something, outside of all functions."""
    names: set[str] = set()
    for node in parsing.tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(names)


def change(module: ModuleType, setting: str, value: str) -> None:
    """Change one upper-case constant of a module, to a value of the same type.

    Raises ValueError if there is none of that name, or the value does not fit.
    """
    known = {
        name: old
        for name, old in vars(module).items()
        if name.isupper() and isinstance(old, int | float | str)
    }
    if setting not in known:
        names = ", ".join(known) or "none"
        raise ValueError(f"there is no setting {setting}; there are: {names}")
    kind = type(known[setting])
    try:
        new = kind(value if kind is str else ast.literal_eval(value))
    except (ValueError, SyntaxError, TypeError, OverflowError) as error:
        words = f"{setting} takes a value of type {kind.__name__}, not {value!r}"
        raise ValueError(words) from error
    setattr(module, setting, new)


def _found(step: str | Step) -> Step:
    return story.find(step) if isinstance(step, str) else step


def _argument(step: Step) -> str:
    return step.name if step.path.parent == STEPS else str(Path(step.path))
