"""Stops a server while clients are there, and says what became of it and of them.

A *way* says which server, who is there, and which signal comes. The server is a process
of its own, under any Python; it ends within a bound, by force if need be. The clients
are connections of this process, and each notes what it saw at the end.
"""

import asyncio
import signal
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from lab import story, wire
from lab.host import Process, start_process
from lab.notyet import NotYet
from lab.story import ROOT, Step
from lab.wire import Message

BOUND = 2.0  # seconds after the signal: what has not ended by then hangs
FAREWELL = 8.0  # seconds: the same for a server that promises to end within five
AGAIN = 1.0  # seconds after a second signal
ARRIVES = 0.5  # seconds until a client sees an end that the server has sent already
SOON = 2  # seconds: to a busy machine they are none, for what waits does so for three
PATIENCE = 10.0  # seconds for a client to get an answer, and for its end to arrive

EXAMPLES = ROOT / "docs" / "examples"
CHUNK = 65536  # bytes read at a time
MANY = 16 * 2**20  # bytes: more than the system takes on any machine that we have seen
TEXT = "x" * 30_000  # what a message says that is one of many

Signal = Literal["SIGINT", "SIGTERM"]


class Visitor:
    """A client that notes what it hears, and how that ended."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._decoder = wire.Decoder()
        self.last: str | None = None  # the action of the last message that came
        self._heard: Counter[str] = Counter()
        self._news = asyncio.Event()
        self.end: str | None = None
        self.hangs_up = True  # as soon as the server has
        self.was_kept = False  # connected, although the server will never answer
        self.listening: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Read from now on, to the end."""
        self.listening = self.listening or asyncio.create_task(self._listen())

    async def say(self, message: Message) -> None:
        """Send a message, and wait until there is room for more."""
        self.writer.write(wire.encode(message))
        await self.writer.drain()

    async def join(self, name: str, room: str) -> None:
        """Say who we are, and ask to join a room."""
        await self.say({"action": "connect", "username": name})
        await self.say({"action": "joinroom", "room": room})

    async def hears(self, action: str, times: int = 1) -> None:
        """Wait for so many messages with this action; TimeoutError if none come."""
        async with asyncio.timeout(PATIENCE):
            while self._heard[action] < times:
                self._news.clear()
                await self._news.wait()

    async def talk(self, room: str) -> None:
        """Say one thing after the other until the server says goodbye, or hangs up."""
        with suppress(ConnectionError):
            while self.end is None and "bye" not in self._heard:
                await self.say({"action": "chat", "room": room, "message": "more"})
                await asyncio.sleep(0)  # drain alone lets nobody else have a turn

    async def has_ended(self, patience: float) -> bool:
        """Whether it has heard the end, within so many seconds."""
        assert self.listening is not None, "it listens"
        done, _ = await asyncio.wait({self.listening}, timeout=patience)
        return bool(done)

    def saw(self) -> str:
        """Return in words how it ended."""
        if self.end is None:
            return "nothing"
        if self.was_kept:
            return f"nothing until it was stopped, then {self.end}"
        return f"bye, {self.end}" if self.last == "bye" else self.end

    async def _listen(self) -> None:
        end = "the end"
        try:
            while data := await self._reader.read(CHUNK):
                for message in self._decoder.feed(data):
                    self.last = str(message.get("action"))
                    self._heard[self.last] += 1
                self._news.set()
        except ConnectionError:
            end = "a reset"
        cut = "half a message, " if self._decoder.waiting else ""
        self.end = cut + end
        if self.hangs_up:
            self.writer.close()


class Company:
    """The clients of one server. Whoever leaves the block has let go of them all."""

    def __init__(self, server: Process) -> None:
        self.server = server
        self.visitors: list[Visitor] = []
        self.talking: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Company":
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [v.listening for v in self.visitors if v.listening] + self.talking
        for visitor in self.visitors:
            visitor.writer.transport.abort()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def visitor(self, *, listens: bool = True) -> Visitor:
        """Connect a client, and wait until the server has noticed."""
        visitor = Visitor(*await asyncio.open_connection(*self.server.address))
        self.visitors.append(visitor)
        if listens:
            visitor.listen()
        await self.server.prints("connected", PATIENCE, len(self.visitors))
        return visitor

    async def two(self) -> tuple[Visitor, Visitor]:
        """Connect two clients, and have them join a room."""
        alice, bob = await self.visitor(), await self.visitor()
        for name, visitor in (("alice", alice), ("bob", bob)):
            await visitor.join(name, "tea")
            await visitor.hears("joinroom")
        return alice, bob

    async def asleep(self) -> Visitor:
        """Have a client in a room that reads nothing, and much said to it."""
        alice = await self.visitor()
        await alice.join("alice", "tea")
        await alice.hears("joinroom")
        sleepy = await self.visitor(listens=False)
        await sleepy.join("sleepy", "tea")
        for _ in range(MANY // len(TEXT)):
            await alice.say({"action": "chat", "room": "tea", "message": TEXT})
        # She is in it, as she has been told, and that sleepy is; this is answered last.
        await alice.say({"action": "joinroom", "room": "tea"})
        await alice.hears("joinroom", 3)
        return sleepy

    async def ends(self) -> None:
        """Let those who did not read do so, and wait for the end of all streams."""
        for visitor in self.visitors:
            visitor.listen()
        if listening := [v.listening for v in self.visitors if v.listening]:
            await asyncio.wait(listening, timeout=PATIENCE)


async def nobody(company: Company) -> None:
    """Nobody."""


async def idle(company: Company) -> None:
    """One client, which reads and says nothing."""
    await company.visitor()


async def gone(company: Company) -> None:
    """Nobody any more: a client was there, and has left."""
    visitor = await company.visitor()
    visitor.writer.close()
    await company.server.prints("Client gone.", PATIENCE)
    company.visitors.clear()


async def quiet(company: Company) -> None:
    """Two clients in a room, who read and say nothing."""
    await company.two()


async def talking(company: Company) -> None:
    """Two clients in a room, one of whom talks without a pause."""
    alice, bob = await company.two()
    company.talking.append(asyncio.create_task(alice.talk("tea")))
    await bob.hears("chat")


async def asleep(company: Company) -> None:
    """One client that reads, and one for whom much waits, which does not."""
    await company.asleep()


async def echoed(company: Company) -> None:
    """One client that has said much, and reads no answer."""
    visitor = await company.visitor(listens=False)
    visitor.writer.transport.set_write_buffer_limits(0)
    frame = wire.encode({"action": "chat", "room": "tea", "message": TEXT})
    visitor.writer.write(frame * (MANY // len(frame)))
    await visitor.writer.drain()  # the server has most of it


async def stays(company: Company) -> None:
    """One client that reads, and does not hang up when the server does."""
    (await company.visitor()).hangs_up = False


async def half_closed(company: Company) -> None:
    """Two clients in a room, the second of whom has half-closed."""
    alice, bob = await company.two()
    bob.writer.write_eof()
    await alice.hears("leaveroom")


async def half_closed_asleep(company: Company) -> None:
    """One client that reads, and one that has half-closed and does not read."""
    sleepy = await company.asleep()
    sleepy.writer.write_eof()
    await company.visitors[0].hears("leaveroom")


async def half_a_frame(company: Company) -> None:
    """One client that has sent the beginning of a message, and no more."""
    visitor = await company.visitor()
    frame = wire.encode({"action": "connect", "username": "alice"})
    visitor.writer.write(frame[: len(frame) // 2])


async def failed(company: Company) -> None:
    """One client that has sent what makes its handler fail."""
    visitor = await company.visitor()
    visitor.writer.write(b"no number")
    # When a later client has been served, the server has done all that it will do.
    later = await company.visitor()
    later.writer.write(b"271828")
    await company.server.prints("271828", PATIENCE)
    later.writer.write_eof()
    await later.has_ended(PATIENCE)
    company.visitors.remove(later)
    visitor.was_kept = not await visitor.has_ended(ARRIVES)


Who = Callable[[Company], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """One way to stop a server: which server, who is there, and what it is sent.

    ``program`` is the number of a step, or the name of an example. ``bound`` is how
    many seconds it may take, ``again`` how many after a second signal; ``settings``
    change constants of its module.
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
    def company(self) -> str:
        """Who is there, in words."""
        words = (self.who.__doc__ or "").rstrip(".")
        return words[:1].lower() + words[1:]

    @property
    def sentence(self) -> str:
        """How it is stopped and who is there, in words."""
        what = "step " * self.program.isdecimal() + self.program
        return f"{what}: {self.key} with {self.company}"

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
            parts = ["dies of the signal"]
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
            parts.append("words on stderr")
        return ", ".join(parts)

    def seen(self) -> str:
        """Return what the clients saw; nothing if there was nobody."""
        return "; ".join(dict.fromkeys(self.saw))

    def _judged(self) -> "Outcome":
        seconds = None if self.seconds is None else int(self.seconds > SOON)
        return replace(self, seconds=seconds, saw=tuple(sorted(self.saw)))


async def stop(way: Way, python: str = sys.executable) -> Outcome:
    """Start the server of a way under a Python, stop it, and return what came of it.

    NotYet or OSError if it could not even be brought so far that it is to be stopped.
    """
    loop = asyncio.get_running_loop()
    process = await start_process(way.step, settings=dict(way.settings), python=python)
    async with process as server, Company(server) as company:
        await way.who(company)
        begin = loop.time()
        seconds = again = None
        status = await _signalled(server, way.signal, way.bound)
        if status is not None:
            seconds = int(loop.time() - begin)
            await company.ends()
            saw = [visitor.saw() for visitor in company.visitors]
        else:
            saw = [visitor.saw() for visitor in company.visitors]
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
    except NotYet:
        return None


async def _killed(server: Process) -> None:
    if server.process.returncode is None:
        server.process.kill()
    await server.exit_status()
