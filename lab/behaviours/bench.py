"""The bench: everything that a behaviour may do with the server under test.

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
    """A server, and the clients that a behaviour connects to it.

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
        """Connect a client and send its connect message."""
        return await self.server.connect(name, self.timeout)

    async def clients(self, *names: str, room: str) -> list[Client]:
        """Connect clients, one after another, and let each join the room."""
        clients = [await self.client(name) for name in names]
        for client in clients:
            await client.join(room)
        return clients

    async def call(self) -> Connection:
        """Open a connection of raw bytes."""
        return await self.server.call()

    async def member(self, name: str, room: str) -> Connection:
        """Connect a member of a room that reads only when told to."""
        connection = await self.call()
        for message in (
            {"action": "connect", "username": name},
            {"action": "joinroom", "room": room},
        ):
            await connection.send(encode(message))
        return connection

    async def stranger(self) -> Client:
        """Connect a client without a connect message."""
        return Client("a stranger", await self.call(), self.timeout)

    async def prints(self, fragment: str, times: int = 1) -> str:
        """Wait until this many printed lines contain the fragment (needs: output)."""
        return await self.server.prints(fragment, self.timeout, times)

    async def lose_output(self) -> None:
        """Make every print of the server fail from now on (needs: exit)."""
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
        """Cancel main, as a program that runs on would do (needs: another).

        Unmet if it does not end within the timeout.
        """
        await self._in_loop().cancel_main(self.timeout)

    async def wait(self, seconds: float) -> None:
        """Let this many seconds pass in no time (needs: clock)."""
        self._simulated()
        await asyncio.sleep(seconds)

    def stand_still(self, seconds: float) -> None:
        """Suspend all for this many seconds, like a sleeping machine (needs: clock).

        Nobody runs meanwhile, and the clocks go on.
        """
        self._simulated().stand_still(seconds)

    def cut(self, client: Client) -> None:
        """Kill the connection to a client without telling either end (needs: clock)."""
        self._simulated().network.cut(client.connection.address)

    def writes(self, client: Client) -> int:
        """Return how many writes the server made to a client (needs: writes).

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
    """Raise Unmet unless the two are equal; ``what`` names them."""
    if got != expected:
        raise Unmet(f"{what}: {shown(expected)}", shown(got))


def expect_message(heard: Message, expected: Message, what: str) -> None:
    """Raise Unmet unless a message has these fields with these values.

    It may have more: what a later step, or a server of your own, adds is no mistake.
    """
    if not has(heard, expected):
        raise Unmet(f"{what}: {shown(expected)}", shown(heard))


def has(heard: Message, expected: Message) -> bool:
    """Whether a message has these fields with these values, and maybe others."""
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
    """Raise Unmet unless a program ended with status 0 and no error on stderr.

    An error is an exception that nothing caught, and a warning of asyncio.
    """
    status, errors = ended
    if status or ERRORS.search(errors):
        expected = "exit status 0, with no traceback or asyncio warning on stderr"
        last = errors.strip().rpartition("\n")[2] or "nothing"
        raise Unmet(expected, f"exit status {status}, stderr ends with: {last}")


async def is_let_go(client: Client, code: str) -> None:
    """Raise Unmet unless the client gets this error code, then a clean end."""
    error = await client.hear("error")
    while error.get("code") != code:
        error = await client.hear("error")
    await client.hear_the_end()
    if client.connection.broken:
        raise Unmet("the stream to end normally", "a reset connection")


def left(client: Client) -> list[object]:
    """Return the names of the members whose leaving it was told, in order."""
    news = [m for m in client.heard if m.get("action") == "leaveroom"]
    return [message.get("from") for message in news]


def shown(value: Any) -> str:
    """Return a value as it is printed: messages as JSON."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict) for part in parts):
        return json.dumps(value, default=repr)
    return repr(value)
