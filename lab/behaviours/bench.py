"""The bench: everything that a behaviour may do with the server it judges.

A behaviour knows no more than this, so it can judge a step in the running loop, a
process, or anything else that can be called.
"""

import asyncio
import json
import re
import signal
from typing import Any, Self

from lab.client import Client, Connection
from lab.host import InLoop, Running
from lab.simulation.loop import Loop
from lab.unmet import Unmet
from lab.wire import Message, encode


class Bench:
    """A server, and the clients that a behaviour brings to it.

    ``timeout`` is how many seconds an answer may take.
    """

    def __init__(self, server: Running, *, timeout: float) -> None:
        self.server = server
        self.timeout = timeout

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the server, the clients before it."""
        await self.server.stop()

    async def client(self, name: str) -> Client:
        """Connect a client that has said who it is."""
        return await self.server.connect(name, self.timeout)

    async def clients(self, *names: str, room: str) -> list[Client]:
        """Connect clients, one after the other, and have each join the room."""
        clients = [await self.client(name) for name in names]
        for client in clients:
            await client.join(room)
        return clients

    async def call(self) -> Connection:
        """Open a connection of raw bytes."""
        return await self.server.call()

    async def member(self, name: str, room: str) -> Connection:
        """Connect one who is in a room, and reads no more than it is told to."""
        connection = await self.call()
        for message in (
            {"action": "connect", "username": name},
            {"action": "joinroom", "room": room},
        ):
            await connection.send(encode(message))
        return connection

    async def stranger(self) -> Client:
        """Connect a client that has not said who it is."""
        return Client("a stranger", await self.call(), self.timeout)

    async def prints(self, fragment: str, times: int = 1) -> str:
        """Wait until so many printed lines contain the fragment (needs: output)."""
        return await self.server.prints(fragment, self.timeout, times)

    async def lose_output(self) -> None:
        """Let whatever the server prints from now on fail (needs: exit)."""
        await self.server.lose_output()

    async def ends(
        self, number: int = signal.SIGINT, within: float = 0.0
    ) -> tuple[int, str]:
        """Press Ctrl-C, or send another signal; return exit status and stderr.

        Needs: exit. Unmet if the process does not end ``within`` so many seconds, or
        the timeout, whichever is longer.
        """
        status = await self.server.interrupt(max(within, self.timeout), number)
        return status, str(self.server.errors)

    async def another(self) -> "Bench":
        """Return the bench of a second server in the same process (needs: another)."""
        return Bench(await self._in_loop().another(), timeout=self.timeout)

    async def stops(self) -> None:
        """Cancel main, as a program does that goes on without it (needs: another).

        Unmet if it does not end within the timeout.
        """
        await self._in_loop().cancel_main(self.timeout)

    async def wait(self, seconds: float) -> None:
        """Let so many seconds pass at once (needs: clock)."""
        self._simulated()
        await asyncio.sleep(seconds)

    def stand_still(self, seconds: float) -> None:
        """Stop all for so many seconds, as a machine that sleeps does (needs: clock).

        Nobody runs meanwhile, and the clocks go on.
        """
        self._simulated().stand_still(seconds)

    def cut(self, client: Client) -> None:
        """Let the line to a client go dead, and tell neither end (needs: clock)."""
        self._simulated().network.cut(client.connection.address)

    def writes(self, client: Client) -> int:
        """Return how often the server has sent to a client (needs: writes).

        That is how often it asked the system to: what it wrote while there was no room
        on the wire goes together later.
        """
        end = self._simulated().network.facing(client.connection.address)
        return end.sends

    def _in_loop(self) -> InLoop:
        if not isinstance(self.server, InLoop):
            raise TypeError("only a server in this process can have another beside it")
        return self.server

    def _simulated(self) -> Loop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, Loop):
            raise TypeError("only in a simulation can time be let pass, or writes seen")
        return loop


def expect(got: Any, expected: Any, what: str) -> None:
    """Unmet unless the two are equal; ``what`` says what they are."""
    if got != expected:
        raise Unmet(f"{what}: {shown(expected)}", shown(got))


def expect_message(heard: Message, expected: Message, what: str) -> None:
    """Unmet unless a message has these fields with these values.

    It may have more: what a later step, or a server of your own, adds is no mistake.
    """
    if not has(heard, expected):
        raise Unmet(f"{what}: {shown(expected)}", shown(heard))


def has(heard: Message, expected: Message) -> bool:
    """Whether a message has these fields with these values, whatever else it has."""
    return heard.items() >= expected.items()


# What Python and asyncio write to stderr when something went wrong. Other lines are
# what the program itself has to say: a server may log as much as it likes.
ERRORS = re.compile(
    r"Traceback \(most recent call last\)"
    r"|exception was never retrieved"
    r"|was destroyed but it is pending"
    r"|was never awaited"
    r"|unclosed (transport|event loop|client|connection|resource|<)"
    r"|Exception (ignored )?in\b"
    r"|Unhandled exception|Fatal (error|write error|read error|Python error)"
    r"|socket\.send\(\) raised exception|out of system resource"
    # Not how long something took: that may be the machine's fault.
    r"|\b(WARNING|ERROR|CRITICAL):asyncio:(?!Executing )"
)


def expect_success(ended: tuple[int, str]) -> None:
    """Unmet unless a program ended with exit status 0 and without an error on stderr.

    An error is an exception that nothing caught, and a warning of asyncio.
    """
    status, errors = ended
    if status or ERRORS.search(errors):
        expected = "the exit status 0, and no traceback or warning of asyncio on stderr"
        last = errors.strip().rpartition("\n")[2] or "nothing"
        raise Unmet(expected, f"the exit status {status}, and at its end: {last}")


async def is_let_go(client: Client, code: str) -> None:
    """Unmet unless it hears an error with this code, and then a clean end."""
    error = await client.hear("error")
    while error.get("code") != code:
        error = await client.hear("error")
    await client.hear_the_end()
    if client.connection.broken:
        raise Unmet("the end of the stream", "a connection broken off")


def left(client: Client) -> list[object]:
    """Return of whom it has heard that they have left, one after the other."""
    news = [m for m in client.heard if m.get("action") == "leaveroom"]
    return [message.get("from") for message in news]


def shown(value: Any) -> str:
    """Return a value as it is printed: messages as the JSON that they are."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict) for part in parts):
        return json.dumps(value, default=repr)
    return repr(value)
