"""Runs a server as a process, and keeps the end of what it prints."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.check import leftovers
from lab.host import Process, Running, Transcript, signals_for_children
from lab.host.process import _read
from lab.story import ROOT, CannotDo, Step

ENDED = 0.5  # seconds until the system has said that a process is no more
LINES = 10_000  # of what a server prints: those before are forgotten
LENGTH = 10_000  # characters of a line that does not end: the same


class CannotStart(CannotDo):
    """The server could not be started, or never listened; the text says why."""


class Latest(Transcript):
    """The last lines of a program's output, however much it prints."""

    def add(self, text: str) -> None:
        """Add output, and forget the oldest if it is too much."""
        super().add(text)
        self._unfinished = self._unfinished[-LENGTH:]
        del self.lines[:-LINES]


class Program(Process):
    """A process that was started for one behaviour, with all that it starts itself."""

    def __init__(self, step: Step, process: asyncio.subprocess.Process) -> None:
        Running.__init__(self, step)  # a Process would remember all that it prints
        self.process = process
        self.port: int | None = None  # on which it was to listen
        leftovers.started(process.pid)
        self.transcript, self.errors = Latest(), Latest()
        self._reading = [
            asyncio.create_task(_read(process.stdout, self.transcript)),
            asyncio.create_task(_read(process.stderr, self.errors)),
        ]

    async def stop(self) -> None:
        """End the process and its children, then the clients, in bounded time."""
        stopping = asyncio.create_task(self._stop())
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            # A process that is half stopped would outlive the loop that waits for it.
            await stopping
            raise

    async def _stop(self) -> None:
        # First of all: what comes after it waits.
        leftovers.look_at(self.process.pid)
        if self.is_in_the_background():
            leftovers.backgrounds.add(self.step.path.name)
        self._kill()
        await Running.stop(self)
        ended = asyncio.create_task(self.process.wait())
        await leftovers.end(self.process.pid)
        _, waiting = await asyncio.wait({ended, *self._reading}, timeout=ENDED)
        if waiting:
            # A child that has left the group holds the pipes open.
            self.process._transport.close()  # type: ignore[attr-defined]  # not public
            for task in waiting - {ended}:
                task.cancel()
            # A killed process needs a moment of a busy processor to end. If the loop
            # closed before, asyncio would never hear of it.
            await asyncio.wait(waiting)
        if self.port is not None and await _is_open(self.port):
            leftovers.still_open.append(self.port)

    def is_in_the_background(self) -> bool:
        """Whether it ended by itself and left a process running."""
        ended = self.process.returncode == 0
        return ended and leftovers.in_the_background(self.process.pid)

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


async def start_command(words: Sequence[str], path: Path) -> Program:
    """Start a command in our own environment.

    CannotStart if there is no such program.
    """
    return await _started(words, path, None)


async def start_lab(words: Sequence[str], path: Path) -> Program:
    """Start a module of ours with these arguments, for the file at this path.

    It imports nothing from our current folder.
    """
    folders = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    return await _started([sys.executable, "-P", "-m", *words], path, environment)


async def _started(
    words: Sequence[str], path: Path, environment: Mapping[str, str] | None
) -> Program:
    starting = asyncio.create_task(_spawned(words, path, environment))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # A process that is half started cannot be ended: its pipes would stay open.
        await (await starting).stop()
        raise
    except OSError as error:
        raise CannotStart(f"{words[0]} cannot be started: {error.strerror}") from error


async def _spawned(
    words: Sequence[str], path: Path, environment: Mapping[str, str] | None
) -> Program:
    with leftovers.starting(), signals_for_children():
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
            env=environment,
        )
        return Program(Step(path), process)


async def _is_open(port: int) -> bool:
    """Whether something still accepts connections at our port after all was ended."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
