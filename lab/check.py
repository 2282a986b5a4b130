"""The checker: puts anybody's server to the behaviours, in whatever language it is.

A server is given as a Python file with ``main(host, port)``, as a command in which
``{port}`` stands for the port, or as an address where it is running already. The first
two are started afresh for every behaviour and are never left running.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lab import behaviours, story
from lab.behaviours import Behaviour
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.host import Process, Running, Transcript, ctrl_c_for_children
from lab.notyet import NotYet
from lab.story import ROOT, STEPS, Step

PATIENCE = 2.0  # seconds for one answer
START = 10.0  # seconds for a server to begin to listen: some languages compile first
MOST = 60.0  # seconds for one behaviour, whatever the server does
GOODBYE = 0.5  # seconds for hanging up on whoever only wanted to see if it listens
PAUSE = 0.02  # seconds between two tries to connect: nothing tells us when it listens


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
    """A server to be checked. ``has`` is what a bench may have beyond the wire."""

    has: frozenset[str] = frozenset()

    async def start(self) -> Running:
        """Return the server, listening; CannotStart if that is not to be had."""
        raise NotImplementedError

    def framing(self) -> Framing | None:
        """Return its two functions between bytes and messages, if they can be had."""
        return None


class Address(Subject):
    """A server that is running already, and goes on running."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    async def start(self) -> Running:
        """Return the server; CannotStart if nobody answers the door."""
        running = Running(Step(Path(f"{self.host}:{self.port}"), "", "", ""))
        running.listens_at(self.host, self.port)
        if not await listens(running):
            raise CannotStart(f"nobody answers at {self.host}:{self.port}")
        return running


class Command(Subject):
    """A server that a command starts, in any language."""

    def __init__(self, words: Sequence[str]) -> None:
        if not any("{port}" in word for word in words):
            raise CannotStart("the command has to contain {port}, once or more")
        self.words = list(words)

    async def start(self) -> Running:
        """Start the command with a free port, and wait until it listens there.

        CannotStart, with the last line of its stderr, if it does not.
        """
        port = free_port()
        words = [word.replace("{port}", str(port)) for word in self.words]
        running = await begun(words, Path(words[0]))
        running.listens_at("127.0.0.1", port)
        await until_it_listens(running)
        return running


class PythonFile(Command):
    """A Python file with ``main(host, port)``; it may import what lies in steps/."""

    has = frozenset({"output", "exit"})

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CannotStart(f"there is no file {path}")
        self.path = path.resolve()
        if not Step(self.path, "", "", "").listens:
            raise CannotStart(f"{path} has no main(host, port): nobody can call it")
        run = [sys.executable, "-m", "lab", "run", str(self.path)]
        super().__init__([*run, "--port", "{port}"])

    def framing(self) -> Framing | None:
        """Return the framing that the file imports, or has itself."""
        step = Step(self.path, "", "", "")
        try:
            own = Framing.of(step, patience=PATIENCE)
        except Exception:  # whatever is wrong with the file, its server will show it
            return None
        both = all(hasattr(own.module, n) for n in ("new_messages", "send_message"))
        return own if both else None


class Program(Process):
    """A process that was started for one behaviour, with all that it starts itself."""

    async def stop(self) -> None:
        """End the clients, then the process and its children."""
        for client in self._clients:
            await client.close()
        self._clients.clear()
        if sys.platform == "win32":
            if self.process.returncode is None:
                self.process.kill()
        else:
            # The group outlives its leader: what a command leaves behind ends, too.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # nobody is left in it
        await self.process.wait()
        await asyncio.wait(self._reading)


async def begun(words: Sequence[str], path: Path) -> Program:
    """Start a command; CannotStart if there is no such program."""
    try:
        with ctrl_c_for_children():
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(ROOT), str(STEPS)]),
                },
            )
    except OSError as error:
        raise CannotStart(f"{words[0]} cannot be started: {error.strerror}") from error
    return Program(Step(path, "", "", ""), process)


async def until_it_listens(running: Program) -> None:
    """Wait until somebody answers the door; CannotStart if that does not happen."""
    try:
        async with asyncio.timeout(START):
            while not await listens(running):
                if running.process.returncode is not None:
                    await asyncio.wait(running._reading)
                    raise CannotStart(f"it ended before it listened{why(running)}")
                await asyncio.sleep(PAUSE)
    except TimeoutError as error:
        await running.stop()
        where = "{}:{}".format(*running.address)
        words = f"it did not listen on {where} within {START:g} s{why(running)}"
        raise CannotStart(words) from error
    except CannotStart:
        await running.stop()
        raise


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
        await asyncio.wait_for(reader.read(), GOODBYE)
    except OSError:
        pass  # TimeoutError is one: a server that does not hang up is judged later
    writer.close()
    return True


def why(running: Running) -> str:
    """Return the last thing that it wrote to stderr, as the end of a sentence."""
    lines = [line for line in running.errors.lines if line.strip()]
    return f": {lines[-1].strip()}" if lines else ""


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
    subject: Subject, candidates: Sequence[Behaviour]
) -> AsyncIterator[Result]:
    """Put a server to the behaviours, one after the other, and yield what came of it.

    CannotStart if it cannot be started the first time; later, that is a verdict.
    """
    await (await subject.start()).stop()
    for behaviour in candidates:
        yield await judged(subject, behaviour)


async def judged(subject: Subject, behaviour: Behaviour) -> Result:
    """Put a server to one behaviour."""
    if behaviour.of_framing:
        framing = subject.framing()
        return (
            await tried(behaviour, framing)
            if framing
            else result(behaviour, missing="")
        )
    if behaviour.needs and behaviour.needs not in subject.has:
        return result(behaviour, missing=behaviour.needs)
    try:
        server = await subject.start()
    except CannotStart as error:
        return result(
            behaviour, NotYet("a server that can be started again", f"{error}")
        )
    async with Bench(server, patience=PATIENCE) as bench:
        return await tried(behaviour, bench)


async def tried(behaviour: Behaviour, bench: Bench | Framing) -> Result:
    """Run one behaviour; whatever the server does, this ends with a result."""
    try:
        async with asyncio.timeout(MOST):
            await behaviour.run(bench)
    except NotYet as not_yet:
        return result(behaviour, not_yet)
    except TimeoutError:
        return result(behaviour, NotYet("an end", f"none within {MOST:g} s"))
    except Exception as error:  # an answer so strange that the behaviour stumbles
        strange = NotYet("answers as docs/protocol.rst has them", repr(error))
        return result(behaviour, strange)
    return result(behaviour)


def result(
    behaviour: Behaviour, not_yet: NotYet | None = None, *, missing: str | None = None
) -> Result:
    """Return the result of one behaviour, with what helps where it is broken."""
    about = (behaviour.name, behaviour.since, behaviour.sentence)
    if missing is not None:
        return Result(*about, "not judged", got=missing)
    if not_yet is None:
        return Result(*about, "kept")
    got = not_yet.got
    return Result(
        *about, "broken", not_yet.expected, got, behaviour.hint, page(behaviour)
    )


def page(behaviour: Behaviour) -> str:
    """Return the chapter that explains a behaviour."""
    step = story.find(behaviour.since)
    stem = step.number if step.kind == "server" else step.name
    (chapter,) = (ROOT / "docs").glob(f"{stem}-*.rst")
    return chapter.relative_to(ROOT).as_posix()


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


def as_json(step: Step, results: Sequence[Result]) -> dict[str, object]:
    """Return the whole report as something that json.dumps takes."""
    return {
        "step": step.name,
        "reached": reached(step, results),
        "behaviours": [asdict(result) for result in results],
    }


__all__ = ["Address", "CannotStart", "Command", "PythonFile", "Transcript", "check"]
