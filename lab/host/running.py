"""What a step that has been started prints, where it listens, and who called it."""

import asyncio
import re
import signal
from typing import Any, Self

from lab.client import Client, Connection, connect
from lab.story import Step
from lab.unmet import Unmet

TIMEOUT = 5.0  # seconds for a step to print something, and for each part of its end
START = 30.0  # seconds to its first line: on a busy machine a process begins slowly
CANCELLED = 1.0  # seconds for a cancelled task to end: it has nothing to wait for
CHUNK = 65536  # bytes taken off a pipe at a time: what a pipe holds on Linux
_LISTENING = re.compile(r"Listening on (.+):(\d+)$")


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

    async def more(self, lines: int) -> None:
        """Wait until there are more lines than so many."""
        while len(self.lines) <= lines:
            self._news.clear()
            await self._news.wait()

    async def find(self, pattern: str, timeout: float, times: int = 1) -> str:
        """Wait until the regular expression matches in so many lines; return the last.

        Raises TimeoutError if that takes longer than so many seconds.
        """
        async with asyncio.timeout(timeout):
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
        """The host and the port that it listens on; Unmet if it does not listen."""
        if self._address is None:
            got = f"{self.step.name}, which does not listen"
            raise Unmet("a server that can be called", got)
        return self._address

    def printed(self) -> str:
        """Return what the step has printed since this was last asked."""
        return self.transcript.news()

    async def prints(
        self, fragment: str, timeout: float = TIMEOUT, times: int = 1
    ) -> str:
        """Wait until so many printed lines contain the fragment; return the last.

        Unmet if that takes longer than so many seconds.
        """
        try:
            return await self.transcript.find(re.escape(fragment), timeout, times)
        except TimeoutError as error:
            last = "; ".join(list(self.transcript.lines)[-3:]) or "nothing"
            got = f"{last} within {timeout:g} s"
            raise Unmet(f"the server to print {fragment!r}", got) from error

    async def connect(self, name: str, timeout: float = TIMEOUT) -> Client:
        """Connect a client to the step; stopping the step closes the client."""
        client = await connect(self, name, timeout)
        self._clients.append(client)
        return client

    async def call(self, name: str = "") -> Connection:
        """Open a connection of raw bytes; stopping the step closes it.

        ``name`` says whose it is: pictures of a simulation show it.
        """
        connection = await Connection.open(self, name)
        self._clients.append(connection)
        return connection

    async def interrupt(
        self, timeout: float = TIMEOUT, number: int = signal.SIGINT
    ) -> int:
        """Press Ctrl-C and return the exit status; TypeError if it is no process."""
        raise TypeError("only a process can be sent a signal")

    async def lose_output(self) -> None:
        """Let whatever it prints from now on fail; TypeError if that cannot be done."""
        raise TypeError("only what was started here has an output to lose")

    def in_the_way(self) -> str:
        """Return what others have kept its clients from; empty if nobody has."""
        return ""

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
            # An IPv6 address is printed with brackets, and connected to without.
            self.listens_at(found[1].strip("[]"), int(found[2]))
