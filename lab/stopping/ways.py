"""Stops a server while clients are connected, and says how it ended."""

import asyncio
import signal
import sys
from dataclasses import dataclass, replace
from typing import Literal

from lab import story
from lab.host import Process, start_process
from lab.stopping.visitors import SOON, Clients, Who
from lab.story import ROOT, Step
from lab.unmet import Unmet

BOUND = 2.0  # seconds after the signal: what has not ended by then hangs
FAREWELL = 8.0  # seconds: the same for a server that promises to end within five
AGAIN = 1.0  # seconds after a second signal
EXAMPLES = ROOT / "docs" / "examples"
Signal = Literal["SIGINT", "SIGTERM"]


@dataclass(frozen=True)
class Scenario:
    """One way to stop a server: which server, who is there, and what it is sent.

    ``program`` is the number of a step, or the place of an example in
    ``docs/examples``, such as ``s07_goodbye/never_closes``. ``bound`` is how many
    seconds it may take, ``again`` how many after a second signal; ``settings`` change
    constants of its module.
    """

    program: str
    who: Who
    signal: Signal = "SIGINT"
    bound: float = BOUND
    settings: tuple[tuple[str, str], ...] = ()
    again: float = AGAIN

    @property
    def name(self) -> str:
        """What it is called where outcomes are kept."""
        return f"{self.program} {self.who.__name__} {self.signal}"

    @property
    def clients(self) -> str:
        """Who is there, in words."""
        words = (self.who.__doc__ or "").rstrip(".")
        return words[:1].lower() + words[1:]

    @property
    def sentence(self) -> str:
        """How it is stopped and who is there, in words."""
        what = "step " * self.program.isdecimal() + self.program
        return f"{what}: {self.key} with {self.clients}"

    @property
    def key(self) -> str:
        """What is pressed or sent."""
        return "Ctrl-C" if self.signal == "SIGINT" else self.signal

    @property
    def step(self) -> Step:
        """The file of the server; NoSuchStep if there is none."""
        if self.program.isdecimal():
            return story.find(self.program)
        return story.find(str(EXAMPLES / f"{self.program}.py"))


@dataclass(frozen=True)
class Outcome:
    """What became of a server that was stopped, and of its clients.

    ``seconds`` is how long it took, whole ones only, for machines are busy; None if it
    had not ended within the bound. ``status`` is the exit status, ``again`` whether a
    second signal ended what had not ended. ``silent`` says that nothing was on stderr,
    ``tracebacks`` how many there were. ``saw`` is how it ended for each client.
    """

    seconds: int | None
    status: int | None
    again: bool | None
    silent: bool
    tracebacks: int
    saw: tuple[str, ...]

    def alike(self, other: "Outcome") -> bool:
        """Whether another run came to the same, whatever client came to it first.

        How long it took may differ, but not from no time to some.
        """
        return self._judged() == other._judged()

    def words(self) -> str:
        """Return what became of the server."""
        if self.seconds is None:
            until = "until" if self.again else "even after"
            parts = [f"hangs {until} a second signal"]
        elif self.status is not None and self.status < 0:
            parts = ["is killed by the signal"]
        elif self.seconds == 0:
            parts = ["ends at once"]
        else:
            parts = [f"ends after {self.seconds} s"]
        if self.status is not None and self.status > 0:
            parts.append(f"exit status {self.status}")
        if self.tracebacks:
            plural = "" if self.tracebacks == 1 else "s"
            parts.append(f"{self.tracebacks} traceback{plural}")
        elif not self.silent:
            parts.append("output on stderr")
        return ", ".join(parts)

    def seen(self) -> str:
        """Return what the clients saw; nothing if there was nobody."""
        return "; ".join(dict.fromkeys(self.saw))

    def _judged(self) -> "Outcome":
        seconds = None if self.seconds is None else int(self.seconds > SOON)
        return replace(self, seconds=seconds, saw=tuple(sorted(self.saw)))


async def stop(way: Scenario, python: str = sys.executable) -> Outcome:
    """Start the server of a way under a Python, stop it, and return what came of it.

    Unmet or OSError if it could not even be brought so far that it is to be stopped.
    """
    loop = asyncio.get_running_loop()
    process = await start_process(way.step, settings=dict(way.settings), python=python)
    async with process as server, Clients(server) as clients:
        await way.who(clients)
        begin = loop.time()
        seconds = again = None
        status = await _signalled(server, way.signal, way.bound)
        if status is not None:
            seconds = int(loop.time() - begin)
            await clients.ends()
            saw = [visitor.saw() for visitor in clients.visitors]
        else:
            saw = [visitor.saw() for visitor in clients.visitors]
            again = await _signalled(server, way.signal, way.again) is not None
            await _killed(server)
        errors = str(server.errors)
    tracebacks = errors.count("Traceback (most recent call last)")
    return Outcome(seconds, status, again, not errors, tracebacks, tuple(saw))


async def _signalled(server: Process, name: Signal, bound: float) -> int | None:
    """Send a signal and return the exit status; None if it does not end in time."""
    server.process.send_signal(getattr(signal, name))
    try:
        return await server.exit_status(bound)
    except Unmet:
        return None


async def _killed(server: Process) -> None:
    if server.process.returncode is None:
        server.process.kill()
    await server.exit_status()
