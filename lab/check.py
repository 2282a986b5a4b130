"""The checker: puts anybody's server to the behaviours, in whatever language it is.

A server is given as a Python file with ``main(host, port)``, as a command in which
``{port}`` stands for the port, or as an address where it is running already. The first
two are started afresh for every behaviour and are never left running. A notebook gives
the function that attends to a client: ``check_here``.
"""

import asyncio
import gc
import inspect
import json
import os
import signal
import socket
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lab import behaviours, story
from lab.behaviours import SIMULATED, Behaviour
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.host import (
    CHUNK,
    Process,
    Running,
    Transcript,
    _read,
    ctrl_c_for_children,
    had,
)
from lab.notyet import NotYet
from lab.story import ROOT, STEPS, Step

PATIENCE = 1.0  # seconds for one answer
START = 10.0  # seconds for a server to begin to listen: some languages compile first
MOST = 60.0  # seconds for one behaviour, whatever the server does
ENDED = 0.5  # seconds until the system has said that a process is no more
GOODBYE = 0.5  # seconds for hanging up on whoever only wanted to see if it listens
PAUSE = 0.02  # seconds between two tries to connect: nothing tells us when it listens
LINES = 10_000  # of what a server prints: those before are forgotten
LENGTH = 10_000  # characters of a line that does not end: the same
SHOWN = 500  # characters of an answer that are shown

LOOPBACK = ("127.0.0.1", "::1")  # to node, "localhost" may be the second one


class CannotStart(Exception):
    """The server could not be started, or never listened; the text says why."""


@dataclass(frozen=True)
class Result:
    """What came of one behaviour; ``expected`` and ``got`` are empty unless broken."""

    name: str
    since: str
    sentence: str
    verdict: Literal["kept", "broken", "not judged"]
    expected: str = ""
    got: str = ""
    hint: str = ""
    page: str = ""


class Subject:
    """A server to be checked. ``has`` is what a bench may have beyond the wire.

    ``settable`` says whether limits of it can be lifted by their names, ``most`` how
    many seconds of its clock one behaviour may take.
    """

    has: frozenset[str] = frozenset()
    settable = False
    most = MOST

    async def start(self, lifts: Mapping[str, str] | None = None) -> Running:
        """Return the server, listening; CannotStart if that is not to be had.

        ``lifts`` has limits that are to be lifted, if it has them and it can be done.
        """
        raise NotImplementedError

    def framing(self) -> Framing | None:
        """Return its two functions between bytes and messages, if they can be had."""
        return None


class Address(Subject):
    """A server that is running already, and goes on running."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    async def start(self, lifts: Mapping[str, str] | None = None) -> Running:
        """Return the server; CannotStart if nobody answers the door."""
        running = Running(Step(Path(f"{self.host}:{self.port}")))
        running.listens_at(self.host, self.port)
        try:
            async with asyncio.timeout(START):
                answered = await listens(running)
        except (TimeoutError, ValueError):  # nobody, or a name that cannot be one
            answered = False
        if not answered:
            raise CannotStart(f"nobody answers at {self.host}:{self.port}")
        return running


class Command(Subject):
    """A server that a command starts, in any language."""

    def __init__(self, words: Sequence[str]) -> None:
        if not any("{port}" in word for word in words):
            raise CannotStart("the command has to contain {port}, once or more")
        self.words = list(words)

    async def start(self, lifts: Mapping[str, str] | None = None) -> Running:
        """Start the command with a free port, and wait until it listens there.

        CannotStart, with the last line of its stderr, if it does not.
        """
        port = free_port()
        words = [word.replace("{port}", str(port)) for word in self.words]
        words += self.options(lifts or {})
        running = await begun(words, Path(words[0]))
        await until_it_listens(running, port)
        return running

    def options(self, lifts: Mapping[str, str]) -> list[str]:
        """Return what is added to the command to lift limits: nothing is known here."""
        return []


class PythonFile(Command):
    """A Python file with ``main(host, port)``; it may import what lies in steps/."""

    has = frozenset({"output", "exit"})
    settable = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CannotStart(f"there is no file {path}")
        self.path = path.resolve()
        try:
            listens = Step(self.path).listens
        except SyntaxError as error:
            raise CannotStart(f"{path}, line {error.lineno}: {error.msg}") from error
        except ValueError as error:  # such as bytes that are not UTF-8
            raise CannotStart(f"{path} is no Python file: {error}") from error
        if not listens:
            raise CannotStart(f"{path} has no main(host, port): nobody can call it")
        run = [sys.executable, "-m", "lab", "run", str(self.path)]
        super().__init__([*run, "--port", "{port}"])

    def options(self, lifts: Mapping[str, str]) -> list[str]:
        """Return the options for those of the limits that the file has."""
        limits = had(Step(self.path), lifts)
        return [f"--set={name}={value}" for name, value in limits.items()]

    def framing(self) -> Framing | None:
        """Return the framing that the file imports, or has itself."""
        step = Step(self.path)
        try:
            own = Framing.of(step, patience=PATIENCE)
        except Exception:  # whatever is wrong with the file, its server will show it
            return None
        return own if own.is_whole else None


class Latest(Transcript):
    """What a program has printed last, however much it prints."""

    def add(self, text: str) -> None:
        """Take more of what was printed, and forget what is too much."""
        super().add(text)
        self._unfinished = self._unfinished[-LENGTH:]
        del self.lines[:-LINES]


class Program(Process):
    """A process that was started for one behaviour, with all that it starts itself."""

    def __init__(self, step: Step, process: asyncio.subprocess.Process) -> None:
        Running.__init__(self, step)  # a Process would remember all that it prints
        self.process = process
        self.transcript, self.errors = Latest(), Latest()
        self._reading = [
            asyncio.create_task(_read(process.stdout, self.transcript)),
            asyncio.create_task(_read(process.stderr, self.errors)),
        ]

    async def stop(self) -> None:
        """End the process and its children, then the clients, in bounded time."""
        # First of all: what comes after it waits, and may be cut short by Ctrl-C.
        self._kill()
        await Running.stop(self)
        ended = asyncio.create_task(self.process.wait())
        _, waiting = await asyncio.wait({ended, *self._reading}, timeout=ENDED)
        if waiting:
            # A child that has left the group holds the pipes open.
            self.process._transport.close()  # type: ignore[attr-defined]  # not public
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    def _kill(self) -> None:
        if sys.platform == "win32":
            if self.process.returncode is None:
                self.process.kill()
            return
        # The group outlives its leader: what a command leaves behind ends, too.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # nobody is left in it; macOS says the second of a dead leader


async def begun(words: Sequence[str], path: Path) -> Program:
    """Start a command; CannotStart if there is no such program."""
    folders = [str(ROOT), str(STEPS), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        with ctrl_c_for_children():
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
            )
    except OSError as error:
        raise CannotStart(f"{words[0]} cannot be started: {error.strerror}") from error
    return Program(Step(path), process)


async def until_it_listens(running: Program, port: int) -> None:
    """Wait until somebody answers the door; CannotStart if that does not happen."""
    try:
        async with asyncio.timeout(START):
            while not await listens_somewhere(running, port):
                if running.process.returncode is not None:
                    await asyncio.wait(running._reading, timeout=ENDED)
                    raise CannotStart(f"it ended before it listened{why(running)}")
                await asyncio.sleep(PAUSE)
    except TimeoutError as error:
        await running.stop()
        where = f"{LOOPBACK[0]}:{port}"
        words = f"it did not listen on {where} within {START:g} s{why(running)}"
        raise CannotStart(words) from error
    except BaseException:  # Ctrl-C, too: nothing is ever left running
        await running.stop()
        raise


async def listens_somewhere(running: Running, port: int) -> bool:
    """Whether somebody answers at this port, of whichever of our own addresses."""
    for host in LOOPBACK:
        running.listens_at(host, port)
        if await listens(running):
            return True
    return False


async def listens(running: Running) -> bool:
    """Whether somebody answers the door; waits a moment for them to close it again."""
    host, port = running.address
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        # A behaviour may ask what happens when nobody is connected.
        writer.write_eof()
        async with asyncio.timeout(GOODBYE):
            while await reader.read(CHUNK):
                pass
    except OSError:
        pass  # TimeoutError is one: a server that does not hang up is judged later
    finally:
        writer.close()
    return True


def why(running: Running) -> str:
    """Return the last thing that it wrote to stderr, as the end of a sentence."""
    complaints = [line for line in running.errors.lines if line.strip()]
    return f": {shortened(complaints[-1].strip())}" if complaints else ""


def shortened(text: str) -> str:
    """Return what can be shown in a line of a terminal, whatever a server has sent."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wanted(step: Step, *, only: str = "", alone: bool = False) -> list[Behaviour]:
    """Return the behaviours that a server at this step is put to.

    ``alone`` leaves out those of the steps before; ``only`` names one. Raises
    LookupError if there is none of that name.
    """
    if only:
        return [behaviours.find(only)]
    kept = [b for b in behaviours.every() if behaviours.holds(b, step)]
    return [b for b in kept if not alone or b.since == step.name]


async def check(
    subject: Subject, candidates: Sequence[Behaviour], step: Step | None = None
) -> AsyncIterator[Result]:
    """Put a server to the behaviours, one after the other, and yield what came of it.

    ``step`` is the one that the server is at, if that is known.
    CannotStart if it cannot be started the first time; later, that is a verdict.
    """
    await (await subject.start()).stop()
    for behaviour in candidates:
        yield await judged(subject, behaviour, step)


async def judged(
    subject: Subject, behaviour: Behaviour, step: Step | None = None
) -> Result:
    """Put a server to one behaviour."""
    if behaviour.of_framing:
        framing = subject.framing()
        if framing is None:
            return result(behaviour, missing="framing")
        return result(behaviour, await tried(behaviour, framing, subject.most))
    if behaviour.needs in SIMULATED and isinstance(subject, PythonFile):
        return await judged_in_simulation(subject.path, behaviour)
    if behaviour.needs and behaviour.needs not in subject.has:
        return result(behaviour, missing=behaviour.needs)
    if step is not None and had(step, behaviour.lifts) and not subject.settable:
        return result(behaviour, missing="limits that can be lifted")
    try:
        server = await subject.start(behaviour.lifts)
    except CannotStart as error:
        return result(
            behaviour, NotYet("a server that can be started again", f"{error}")
        )
    async with Bench(server, patience=PATIENCE) as bench:
        not_yet = await tried(behaviour, bench, subject.most)
    if not_yet is not None:
        gc.collect()  # some Pythons complain of a failed task when it is collected
    if not_yet is not None and (complaint := why(server).removeprefix(": ")):
        words = f"{not_yet.got}; its last complaint was: {complaint}"
        not_yet = NotYet(not_yet.expected, words)
    return result(behaviour, not_yet)


async def judged_in_simulation(path: Path, behaviour: Behaviour) -> Result:
    """Put a Python file to one behaviour where its clock and its writes can be seen.

    In a process of its own: a file that never waits would hold up the checker.
    """
    module = "lab.simulated_check"
    words = [sys.executable, "-m", module, str(path), behaviour.name]
    program = await begun(words, path)
    try:
        async with asyncio.timeout(MOST):
            await program.process.wait()
            await asyncio.wait(program._reading)
        return Result(**json.loads(program.transcript.lines[-1]))
    except TimeoutError:
        return result(behaviour, NotYet("an end", f"none within {MOST:g} s"))
    except (LookupError, TypeError, ValueError):  # it ended before it could tell
        words_of_it = f"a program that ends{why(program)}"
        return result(behaviour, NotYet("a server in the simulation", words_of_it))
    finally:
        await program.stop()


async def tried(
    behaviour: Behaviour, bench: Bench | Framing, most: float
) -> NotYet | None:
    """Run one behaviour; whatever the server does, this ends, with what was wrong."""
    try:
        async with asyncio.timeout(most):
            await behaviour.run(bench)
    except NotYet as not_yet:
        return not_yet
    except TimeoutError:
        return NotYet("an end", f"none within {most:g} s")
    except Exception as error:  # an answer so strange that the behaviour stumbles
        return NotYet("answers as docs/protocol.rst has them", repr(error))
    return None


def result(
    behaviour: Behaviour, not_yet: NotYet | None = None, *, missing: str | None = None
) -> Result:
    """Return the result of one behaviour, with what helps where it is broken."""
    about = (behaviour.name, behaviour.since, behaviour.sentence)
    if missing is not None:
        return Result(*about, "not judged", got=missing)
    if not_yet is None:
        return Result(*about, "kept")
    expected, got = shortened(not_yet.expected), shortened(not_yet.got)
    return Result(*about, "broken", expected, got, behaviour.hint, page(behaviour))


def page(behaviour: Behaviour) -> str:
    """Return the chapter that explains a behaviour; empty if there is none yet."""
    step = story.find(behaviour.since)
    stem = step.number if step.kind == "server" else step.name
    chapters = [
        *(ROOT / "docs").glob(f"{stem}-*.rst")
    ]  # none while it is being written
    return chapters[0].relative_to(ROOT).as_posix() if chapters else ""


def reached(step: Step, results: Sequence[Result]) -> str:
    """Return the highest step up to which nothing is broken; empty for none."""
    highest = ""
    for other in story.steps():
        mine = [r for r in results if r.since == other.name]
        if any(r.verdict == "broken" for r in mine):
            break
        if other.kind == "server":
            highest = other.name
        if other.name == step.name:
            break
    return highest


def lines(result: Result) -> Iterator[str]:
    """Yield what is printed about one result."""
    mark = {"kept": "kept      ", "broken": "BROKEN    ", "not judged": "not judged"}
    yield f"{mark[result.verdict]}  {result.since}  {result.sentence}"
    if result.verdict == "broken":
        yield f"{'':12}expected: {result.expected}"
        yield f"{'':12}got:      {result.got}"
        if result.hint:
            yield f"{'':12}hint:     {result.hint}"
        yield f"{'':12}read:     {result.page}"


@dataclass(frozen=True, repr=False)
class Report:
    """What came of all of them. ``partial``: some behaviours up to the step only."""

    step: Step
    results: Sequence[Result]
    partial: bool

    def __repr__(self) -> str:
        listed = [line for result in self.results for line in lines(result)]
        return "\n".join([*listed, "", self.summary()])

    @property
    def kept(self) -> bool:
        """Whether nothing is broken, and not only because nothing was judged."""
        verdicts = {result.verdict for result in self.results}
        return "kept" in verdicts and "broken" not in verdicts

    @property
    def reached(self) -> str:
        """The step that the server has reached; empty for none, and if unknown."""
        return "" if self.partial else reached(self.step, self.results)

    def summary(self) -> str:
        """Return how many there are of each verdict, and how far up the server is."""
        verdicts = ("kept", "broken", "not judged")
        counts = [(sum(r.verdict == v for r in self.results), v) for v in verdicts]
        counted = ", ".join(f"{number} {what}" for number, what in counts if number)
        if self.partial:
            return counted
        words = f"as far as {self.reached}" if self.reached else "not yet at any step"
        last = f"{counted}. The server is {words}; the goal was {self.step.name}."
        if self.reached != self.step.name:
            last += "\nWhat many people stumble over: docs/pitfalls.rst"
        return last

    def as_json(self) -> dict[str, object]:
        """Return the whole report as something that json.dumps takes."""
        return {
            "step": self.step.name,
            "reached": self.reached or None,
            "kept": self.kept,
            "behaviours": [asdict(result) for result in self.results],
        }


ClientConnected = Callable[[StreamReader, StreamWriter], Any]


async def check_here(
    client_connected: ClientConnected, step: str, *, alone: bool = True
) -> Report:
    """Put a function that attends to a client to the behaviours of a step.

    It is served in the running loop, on a free port, afresh for each behaviour; what it
    keeps in variables of its module is its own affair. ``alone=False`` takes the
    behaviours of the steps before as well. Raises NoSuchStep.
    """
    found = story.find(step)
    subject = Function(client_connected)
    results = [await judged(subject, b) for b in wanted(found, alone=alone)]
    return Report(found, results, partial=alone)


class Function(Subject):
    """A function for ``asyncio.start_server``, as it stands in a notebook's cell."""

    has = frozenset({"output"})

    def __init__(self, client_connected: ClientConnected) -> None:
        if not callable(client_connected):
            raise TypeError(f"a function is to be checked, not {client_connected!r}")
        self.client_connected = client_connected

    async def start(self, lifts: Mapping[str, str] | None = None) -> Running:
        """Serve the function in the running loop."""
        running = Served(self.client_connected)
        await running.begin()
        return running


class Served(Running):
    """A function that attends to clients in the running loop."""

    def __init__(self, client_connected: ClientConnected) -> None:
        super().__init__(Step(Path("your function")))
        self.transcript, self.errors = Latest(), Latest()
        self._attend = client_connected
        self._tasks: set[asyncio.Task[Any]] = set()
        self._transports: set[asyncio.WriteTransport] = set()
        self._print: dict[str, Any] = {}  # the builtin's stand-in that was there before

    async def begin(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._attended, LOOPBACK[0], 0)
        self.listens_at(*self._server.sockets[0].getsockname()[:2])
        names = getattr(self._attend, "__globals__", {})
        self._print = {name: names[name] for name in ("print",) if name in names}
        names["print"] = self.transcript.print

    async def stop(self) -> None:
        """End the clients, what attends to them, and the server, in bounded time."""
        self._server.close()
        try:
            await super().stop()
            for cancel in (False, True):  # most end with their clients
                if left := {task for task in self._tasks if not task.done()}:
                    for task in left if cancel else ():
                        task.cancel()
                    await asyncio.wait(left, timeout=GOODBYE)
        finally:
            for transport in self._transports:
                transport.abort()
            names = getattr(self._attend, "__globals__", {})
            names.pop("print", None)
            names.update(self._print)

    async def _attended(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine of asyncio's runs in a task"
        self._tasks.add(task)
        # Not the writer: one that nobody holds any more closes itself, or should.
        transport = writer.transport
        self._transports.add(transport)
        try:
            attending = self._attend(reader, writer)
            del reader, writer
            if inspect.isawaitable(attending):
                await attending
        except asyncio.CancelledError:
            pass  # by stop; asyncio would report it on some versions
        except Exception as error:
            self.errors.add(f"{type(error).__name__}: {error}\n")
            transport.close()  # as asyncio does


__all__ = ["Address", "CannotStart", "Command", "PythonFile", "Report", "check_here"]
