"""A server, the two who talk there, and the hostile: plays a fault and looks around."""

import asyncio
import collections
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab import host
from lab.client import connect
from lab.story import ROOT, Step

from . import figures
from .caller import Caller
from .faults import Fault, holds
from .pair import ROOM

START = 20.0  # seconds for a process to come up: a busy machine is no failure
MAX_SECONDS = 40.0  # seconds for one fault
DOWN = 8.0  # seconds for the server to end, on a busy machine: 5 is what it promises
BACK = 10.0  # seconds until the server has let go of all that belonged to the hostile
PAUSE = 0.01  # seconds between two looks at /proc: nothing tells us when it changes
PACE = 0.005  # seconds between two numbers of each of the two
SLOWER = 0.12  # the same, in a server that does not let anybody talk so fast
LONGEST = 8000.0  # milliseconds from mouth to ear: on a busy machine, a second or two
LEFT = 8.0  # MiB that may be left in use: Python keeps some of what it has had
MORE = 16.0  # MiB that may be in use meanwhile, and no more
MEMBERS = 4  # the two and two of the hostile: each may be owed what a setting allows


@dataclass(frozen=True)
class Played:
    """What it was like while a fault was played."""

    calls: int  # hostile connections
    sends: int  # what these sent, each time that they sent something
    heard: int  # numbers that the two heard of each other
    median: float  # milliseconds from mouth to ear
    longest: float
    before: tuple[float, int]  # MiB in use, and descriptors
    peak: float  # MiB
    after: tuple[float, int]
    refused: Mapping[str, int]  # how many errors of each code the hostile have heard


@dataclass(frozen=True)
class Ended:
    """What it was like when the server was told to stop."""

    seconds: float


class Foes:
    """The hostile, and whom they call."""

    def __init__(self, scene: "Scene") -> None:
        self.scene = scene
        self.calls: list[Caller] = []

    async def call(self, **options: Any) -> Caller:
        """Open a connection that says nothing of itself, from an address of its own."""
        number = next(self.scene.numbers)
        if sys.platform == "linux":  # elsewhere there is one address, not millions
            options.setdefault(
                "source", f"127.1.{number // 250 % 250}.{number % 250 + 1}"
            )
        address = self.scene.server.address
        caller = await Caller.open(f"foe {number}", address, **options)
        self.calls.append(caller)
        return caller

    async def named(self, **options: Any) -> Caller:
        """Open a connection that has said who it is."""
        caller = await self.call(**options)
        await caller.send({"action": "connect", "username": caller.name})
        return caller

    async def member(self, room: str = ROOM, **options: Any) -> Caller:
        """Open a connection that is in a room, that of the two unless it is named."""
        caller = await self.named(**options)
        await caller.send({"action": "joinroom", "room": room})
        await caller.hears("joinroom", room=room, **{"from": caller.name})
        return caller

    async def in_vain(self, said: bytes, code: str, *, named: bool = True) -> None:
        """Say something bad in the room of the two: it is refused, and that is all."""
        witness = await self.member()
        speaker = await (self.member() if named else self.call())
        await speaker.send(said)
        await speaker.is_refused(code)
        if not named:
            await speaker.send({"action": "connect", "username": speaker.name})
        await speaker.is_understood()
        await witness.is_understood()
        assert not witness.has_heard_from(speaker.name), (
            "what was refused was passed on"
        )

    @contextlib.contextmanager
    def descriptors_are_scarce(self, spare: int) -> Iterator[None]:
        """Let the server have only so many more than it has (Linux)."""
        import resource  # Windows has none

        pid, kind = self.scene.server.process.pid, resource.RLIMIT_NOFILE
        before = resource.prlimit(pid, kind)
        resource.prlimit(pid, kind, (figures.descriptors(pid) + spare, before[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, kind, before)

    @property
    def sends(self) -> int:
        """How often they have sent something."""
        return sum(caller.sends for caller in self.calls)

    @property
    def refused(self) -> Mapping[str, int]:
        """How many errors of each code they have heard."""
        errors = (error for caller in self.calls for error in caller.heard("error"))
        return collections.Counter(error["code"] for error in errors)

    def leave(self) -> None:
        """Hang up whatever is still open."""
        for caller in self.calls:
            caller.close()


class Scene:
    """A server with the two in it; ``async with`` ends both."""

    def __init__(self, server: host.Process, pair: Process, owed: float = 0.0) -> None:
        self.server = server
        self.pair = pair
        self._more = MORE + owed
        self.numbers = iter(range(sys.maxsize))
        self._before: tuple[float, int] = (0.0, 0)

    @classmethod
    @contextlib.asynccontextmanager
    async def set(
        cls, step: Step, settings: Mapping[str, str] | None = None
    ) -> AsyncIterator["Scene"]:
        """Start the server and the two, and end them afterwards.

        Settings that an earlier step has not are left out: it has no such limits.
        """
        pace = SLOWER if holds("server11", step) else PACE
        pair = await _pair(pace)  # it comes up while the server does
        try:
            with warnings_are_errors():
                server = await host.start_process(
                    step, settings=host.settings_of(step, settings or {})
                )
            async with server:
                pair.stdin.write("{} {}\n".format(*server.address).encode())
                scene = cls(server, pair, _owed(settings or {}))
                await scene._settle()
                yield scene
        finally:
            await _end(pair)

    async def play(self, fault: Fault) -> Played:
        """Let the hostile do it, and see that nobody else has noticed.

        AssertionError if somebody has.
        """
        self._forget_peak()
        async with self.foes() as foes:
            async with asyncio.timeout(MAX_SECONDS):
                await fault.play(foes)
        return await self.aftermath(foes)

    async def end(self, fault: Fault, signals: Sequence[int] = ()) -> Ended:
        """Stop the server by signals while the hostile are doing this.

        AssertionError if it does not end as it should, or somebody misses something.
        """
        first, *more = signals or (signal.SIGINT,)
        playing = contextlib.asynccontextmanager(fault.play)
        async with self.foes() as foes, playing(foes):
            begun = time.perf_counter()
            self.server.process.send_signal(first)
            report = await self.report("end")
            assert report["wrong"] == [], "the two have suffered"
            assert report["bye"], "the two have not been told"
            for another in more:
                begun = time.perf_counter()
                self.server.process.send_signal(another)
            status = await self.server.exit_status(DOWN)
            seconds = time.perf_counter() - begun
            assert str(self.server.errors) == "", "the server has complained on stderr"
            assert more or status == 0, f"exit status {status}"
        return Ended(seconds)

    @contextlib.asynccontextmanager
    async def foes(self) -> AsyncIterator[Foes]:
        """Bring in the hostile, who are gone at the end of the block."""
        foes = Foes(self)
        try:
            yield foes
        finally:
            foes.leave()

    async def aftermath(self, foes: Foes) -> Played:
        """See that all is well, and return how it was; AssertionError if it is not."""
        self._has_not_died()
        await self._answers_somebody_new()
        report = await self.report()
        assert report["wrong"] == [], "the two have suffered"
        assert report["longest"] < LONGEST, "the two had to wait"
        after, peak = await self.back(), self._peak()
        assert peak <= self._before[0] + self._more, "memory is had for the asking"
        self._has_not_died()
        return Played(
            len(foes.calls),
            foes.sends,
            report["heard"],
            report["median"],
            report["longest"],
            self._before,
            peak,
            after,
            foes.refused,
        )

    async def report(self, question: str = "") -> dict[str, Any]:
        """Return what the two have to say about the time since the last report."""
        assert self.pair.stdin is not None, "it was started with pipes"
        assert self.pair.stdout is not None, "it was started with pipes"
        self.pair.stdin.write(f"{question}\n".encode())
        async with asyncio.timeout(START):
            return dict(json.loads(await self.pair.stdout.readline()))

    async def _settle(self) -> None:
        """Have everything happen once that costs memory the first time only."""
        await self.report()  # the two are in, and nobody else has come
        pid = self.server.process.pid
        count = figures.descriptors(pid) if figures.CAN_BE_READ else 0
        for _ in range(3):
            await self._answers_somebody_new()
        if figures.CAN_BE_READ:
            await self._holds_no_more_than(count)
            self._before = figures.resident(pid), count

    async def _answers_somebody_new(self) -> None:
        """Show that the server is still alive."""
        client = await connect(self.server, f"somebody {next(self.numbers)}")
        try:
            await client.join(f"a room of {client.name}")
        finally:
            await client.close()

    def _has_not_died(self) -> None:
        assert self.server.process.returncode is None, "the server has ended"
        assert str(self.server.errors) == "", "the server has complained on stderr"
        printed = self.server.printed().split("\n")
        # Whatever somebody calls themselves: it cannot do anything to a terminal.
        assert all(line.isascii() and line.isprintable() for line in printed)

    async def back(self) -> tuple[float, int]:
        """Wait until memory and descriptors are back; AssertionError if they stay."""
        if not figures.CAN_BE_READ:
            return 0.0, 0
        pid = self.server.process.pid
        memory, count = self._before
        await self._holds_no_more_than(count)
        after = figures.resident(pid), figures.descriptors(pid)
        assert after[0] <= memory + LEFT, "memory is held for those who have gone"
        return after

    async def _holds_no_more_than(self, count: int) -> None:
        """Wait until descriptors of those who have gone are closed; AssertionError."""
        pid = self.server.process.pid
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BACK):
                while figures.descriptors(pid) > count:  # noqa: ASYNC110  # no event
                    await asyncio.sleep(PAUSE)
        assert figures.descriptors(pid) <= count, (
            "descriptors are held for those who have gone"
        )

    def _peak(self) -> float:
        return figures.peak(self.server.process.pid) if figures.CAN_BE_READ else 0.0

    def _forget_peak(self) -> None:
        if figures.CAN_BE_READ:
            figures.forget_peak(self.server.process.pid)


def _owed(settings: Mapping[str, str]) -> float:
    """Return how much may be owed to all because of these settings, in MiB."""
    return MEMBERS * int(settings.get("MAX_UNSENT", "0")) / 2**20


@contextlib.contextmanager
def warnings_are_errors() -> Iterator[None]:
    """Let Python complain about all that it could, in the processes of this block."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "error"
    try:
        yield
    finally:
        del os.environ["PYTHONWARNINGS"]
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


async def _pair(pace: float) -> Process:
    command = [sys.executable, "-m", "tests.hostile.pair", str(pace)]
    return await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )


async def _end(process: Process) -> None:
    """End a process by ending its stdin, or else by force."""
    assert process.stdin is not None, "it was started with pipes"
    process.stdin.close()
    try:
        async with asyncio.timeout(BACK):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
