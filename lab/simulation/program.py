"""Runs a file as a program of its own, from its first line to its exit status."""

import asyncio
import contextlib
import io
import logging
import runpy
import signal
import sys
from asyncio import CancelledError
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import parsing
from lab.host import TIMEOUT, InLoop, Running
from lab.network.sockets import Listener
from lab.simulation.loop import Loop, Spinning, Stuck
from lab.simulation.running import simulated
from lab.story import STEPS, Step
from lab.unmet import Unmet

OTHER_WORDS = 1.0  # seconds for "Listening on"; then it is enough that it listens


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status, what it wrote, and when, in seconds.

    ``lacked`` is what it asked for and the simulation has not.
    """

    status: int
    output: str
    errors: str
    time: float
    lacked: tuple[str, ...] = field(default=(), repr=False)


def run_file(
    path: Path,
    arguments: Sequence[str] = (),
    *,
    ctrl_c_at: float | None = None,
    sigterm_at: float | None = None,
    sighup_at: float | None = None,
    **options: Any,
) -> Ended:
    """Run a Python file unmodified as ``__main__``, and return how it ended.

    Ctrl-C, SIGTERM and SIGHUP come at a time of the simulation's clock, in seconds;
    Ctrl-C also comes when nothing can happen any more. Options are those of
    ``simulation.Loop``.
    Raises Stuck if the program does not end then, and Spinning if it spins.
    """
    loop = Loop(**{"idle": "ctrl-c", **options})
    if ctrl_c_at is not None:
        loop.call_at(ctrl_c_at, loop.interrupt)
    if sigterm_at is not None:
        loop.call_at(sigterm_at, loop.terminate)
    if sighup_at is not None:
        loop.call_at(sighup_at, loop.deliver, signal.SIGHUP)
    output, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.closing(loop),  # the program may not have used it
        simulated(loop),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        _as_started(path, arguments),
        _fresh_logging(),
    ):
        status = _status(path, errors)
    said = output.getvalue(), errors.getvalue()
    return Ended(status, *said, loop.time(), tuple(loop.lacked))


def _listening() -> list[Listener]:
    """Return the sockets that listen in the loop that runs, if it is a simulation."""
    loop = asyncio.get_running_loop()
    return loop.network.listening() if isinstance(loop, Loop) else []


@contextlib.contextmanager
def _fresh_logging() -> Iterator[None]:
    """Let nothing be set up for logging, as in a process that begins."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _status(path: Path, errors: io.StringIO) -> int:
    """Run the file, and return the exit status that a process would have."""
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=errors)
        return 1
    except (Stuck, Spinning):
        raise
    except KeyboardInterrupt as error:
        errors.write(parsing.told(error))
        return -signal.SIGINT
    except (Exception, CancelledError) as error:
        errors.write(parsing.told(error))
        return 1
    return 0


class Program(Running):
    """A step whose process is ended: with nobody connected, by Ctrl-C.

    It is run only when it is interrupted: its simulated clock is separate, so nothing
    outside could await it.
    """

    @classmethod
    async def start(cls, step: Step) -> "Program":
        """Return a step that can be interrupted."""
        return cls(step)

    async def interrupt(
        self, timeout: float = TIMEOUT, number: int = signal.SIGINT
    ) -> int:
        """Run it, press Ctrl-C (or send another signal) and return the exit status.

        Unmet if it does not end by itself then.
        """
        name = signal.Signals(number).name.lower()
        when = "ctrl_c_at" if number == signal.SIGINT else f"{name}_at"
        times: dict[str, Any] = {when: timeout, "until": 2 * timeout}
        try:
            ended = run_file(self.step.path, **times)
        except Stuck as error:
            raise Unmet("a process that ends", str(error)) from error
        self.transcript.add(ended.output)
        if number == ended.status * -1 == signal.SIGINT:
            return 0  # nobody catches KeyboardInterrupt: so does Python itself end
        self.errors.add(ended.errors)
        loop = asyncio.get_running_loop()
        if isinstance(loop, Loop):
            for what in ended.lacked:
                loop.note(what)
        return ended.status


class InSimulation(InLoop):
    """A step in a simulation, to be interrupted there.

    ``begin`` with a ChosenPort finds out where it listens from the network itself: it
    may say so in words of its own, and listen at other ports, too.
    """

    @classmethod
    async def start(
        cls, step: Step, *, settings: Mapping[str, str] | None = None
    ) -> "InSimulation":
        """Return a step that runs; raises as ``host.start`` does."""
        running = cls(step, settings or {})
        try:
            await running.begin(0)
        except BaseException:
            await running.stop()
            raise
        return running

    async def begin(self, port: int) -> None:
        """Start ``main`` and wait until it listens; raises as of ``InLoop``."""
        self._others = _listening()  # of another server in the same process
        await super().begin(port)

    async def _first_line(self) -> str:
        """Wait for the line that says that it listens, or for its listening alone."""
        line = asyncio.create_task(super()._first_line())
        try:
            await asyncio.wait({line}, timeout=OTHER_WORDS)
            listening = [one for one in _listening() if one not in self._others]
            if listening and (listening[0].chosen or not line.done()):
                host, port = listening[0].address
                return f"Listening on {host}:{port}"
            return await line
        finally:
            line.cancel()

    async def interrupt(
        self, timeout: float = TIMEOUT, number: int = signal.SIGINT
    ) -> int:
        """Do what a signal does to the process, and return the exit status.

        With nobody connected, that is tried on a program of its own. A program with
        clients has to be this one: its ``main`` is cancelled, which is what the signals
        come to. Unmet if it does not end.
        """
        if self._clients:
            return await self.cancel_main(timeout)
        program = Program(self.step)
        status = await program.interrupt(timeout, number)
        if program.errors.lines:
            self.errors.add(f"{program.errors}\n")
        return status


@contextlib.contextmanager
def _as_started(file: Path, arguments: Sequence[str]) -> Any:
    """Let the program find the command line and the modules that a process would."""
    argv, path = sys.argv, list(sys.path)
    sys.argv = [str(file), *arguments]
    sys.path[:0] = [str(file.resolve().parent), str(STEPS)]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path
