"""The clients of a server that is stopped, and what each sees of it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from lab import wire
from lab.host import Process
from lab.wire import Message

ARRIVES = 0.5  # seconds until a client sees an end that the server has sent already
SOON = 2  # seconds: to a busy machine they are none, for what waits does so for three
TIMEOUT = 10.0  # seconds for a client to get an answer, and for its end to arrive
CHUNK = 65536  # bytes read at a time
MANY = 16 * 2**20  # bytes: more than the system takes on any machine that we have seen
TEXT = "x" * 30_000  # what a message says that is one of many


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
        async with asyncio.timeout(TIMEOUT):
            while self._heard[action] < times:
                self._news.clear()
                await self._news.wait()

    async def talk(self, room: str) -> None:
        """Say one thing after the other until the server says goodbye, or hangs up."""
        with suppress(ConnectionError):
            while self.end is None and "bye" not in self._heard:
                await self.say({"action": "chat", "room": room, "message": "more"})
                await asyncio.sleep(0)  # drain alone lets nobody else have a turn

    async def has_ended(self, timeout: float) -> bool:
        """Whether it has heard the end, within so many seconds."""
        assert self.listening is not None, "it listens"
        done, _ = await asyncio.wait({self.listening}, timeout=timeout)
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


class Clients:
    """The clients of one server. Whoever leaves the block has let go of them all."""

    def __init__(self, server: Process) -> None:
        self.server = server
        self.visitors: list[Visitor] = []
        self.talking: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Clients":
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
        await self.server.prints("connected", TIMEOUT, len(self.visitors))
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
            await asyncio.wait(listening, timeout=TIMEOUT)


async def nobody(clients: Clients) -> None:
    """No client."""


async def idle(clients: Clients) -> None:
    """One client that reads and sends nothing."""
    await clients.visitor()


async def gone(clients: Clients) -> None:
    """No client: the only one has disconnected."""
    visitor = await clients.visitor()
    visitor.writer.close()
    await clients.server.prints("Client gone.", TIMEOUT)
    clients.visitors.clear()


async def quiet(clients: Clients) -> None:
    """Two clients in a room; both read and send nothing."""
    await clients.two()


async def talking(clients: Clients) -> None:
    """Two clients in a room; one of them talks without a pause."""
    alice, bob = await clients.two()
    clients.talking.append(asyncio.create_task(alice.talk("tea")))
    await bob.hears("chat")


async def asleep(clients: Clients) -> None:
    """One client that reads, and one that leaves megabytes unread."""
    await clients.asleep()


async def echoed(clients: Clients) -> None:
    """One client that sent megabytes and reads no answer."""
    visitor = await clients.visitor(listens=False)
    visitor.writer.transport.set_write_buffer_limits(0)
    frame = wire.encode({"action": "chat", "room": "tea", "message": TEXT})
    visitor.writer.write(frame * (MANY // len(frame)))
    await visitor.writer.drain()  # the server has most of it


async def stays(clients: Clients) -> None:
    """One client that reads, but does not disconnect when the server does."""
    (await clients.visitor()).hangs_up = False


async def half_closed(clients: Clients) -> None:
    """Two clients in a room; the second has half-closed."""
    alice, bob = await clients.two()
    bob.writer.write_eof()
    await alice.hears("leaveroom")


async def half_closed_asleep(clients: Clients) -> None:
    """One client that reads, and one that has half-closed and does not read."""
    sleepy = await clients.asleep()
    sleepy.writer.write_eof()
    await clients.visitors[0].hears("leaveroom")


async def half_a_frame(clients: Clients) -> None:
    """One client that sent half a message."""
    visitor = await clients.visitor()
    frame = wire.encode({"action": "connect", "username": "alice"})
    visitor.writer.write(frame[: len(frame) // 2])


async def failed(clients: Clients) -> None:
    """One client that sent bytes that make its handler fail."""
    visitor = await clients.visitor()
    visitor.writer.write(b"no number")
    # When a later client has been served, the server has done all that it will do.
    later = await clients.visitor()
    later.writer.write(b"271828")
    await clients.server.prints("271828", TIMEOUT)
    later.writer.write_eof()
    await later.has_ended(TIMEOUT)
    clients.visitors.remove(later)
    visitor.was_kept = not await visitor.has_ended(ARRIVES)


Who = Callable[[Clients], Awaitable[None]]
