"""Somebody in the chat: a client, what its user types, and a cable."""

import asyncio
import collections

from lab.client import KEPT, Client, Connection, Noted, Refused
from lab.host import Running
from lab.unmet import Unmet

ROOM = "tea"


class Person:
    """One of the three in the chat; ``live`` is what they do, until they are gone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client: Client | None = None
        self.entered = asyncio.Event()  # into the room, or not: see ``end``
        self.reads = True
        self.plugged_in = True
        self.end = ""  # why they are not in the chat any more
        self._typed: collections.deque[str] = collections.deque()
        self._news = asyncio.Event()

    @property
    def unsent(self) -> int:
        """How many typed lines wait, because too much of what was said waits, too."""
        return len(self._typed)

    async def live(self, server: Running) -> None:
        """Come into the room, and send what is typed, line by line."""
        self.reads = self.plugged_in = True
        self.end = ""
        self.client = None  # until there is a new connection
        try:
            connection = await Connection.open(server, self.name)
        except Unmet:
            self.end = "nobody listens: the server is not there"
            self.entered.set()
            return
        client = self.client = Client(self.name, connection, keep=KEPT)
        try:
            await self._talk(client)
        except Refused as error:
            self.end = f"refused: {error.code}"
        except Unmet:
            self.end = self.end or "the connection broke"
        finally:
            self.entered.set()
            connection.abort()

    async def _talk(self, client: Client) -> None:
        await client.send({"action": "connect", "username": self.name})
        await client.join(ROOM)
        self.entered.set()
        while not self.end:
            while self._typed and not self.end:
                await client.say(ROOM, self._typed.popleft())
            self._news.clear()
            await self._news.wait()

    @property
    def _client(self) -> Client:
        assert self.client is not None, "the person has come in"
        return self.client

    def type(self, text: str) -> None:
        """Type a line; it is sent after those typed before."""
        self._typed.append(text)
        self._news.set()

    def news(self) -> list[Noted]:
        """Return the messages sent and heard since this was last asked.

        Also takes note of the end of the connection, once there is one.
        """
        if self.client is None:
            return []
        log, self.client.log = self.client.log, []
        if self.client.end and not self.end:
            broken = self.client.connection.broken
            self.end = "the connection broke" if broken else "the server hung up"
            self._news.set()
        return log

    def forget_what_was_typed(self) -> list[str]:
        """Return the lines that were never sent, and forget them."""
        lines = list(self._typed)
        self._typed.clear()
        return lines

    # -- what can be done to them

    def pause(self) -> None:
        """Take nothing more off the wire."""
        self._client.connection.pause()
        self.reads = False

    def resume(self) -> None:
        """Read again."""
        self._client.connection.go_on()
        self.reads = True

    def reset(self) -> None:
        """Break the connection off: the server is told."""
        self._client.connection.reset()
        self.end = "you broke the connection off"
        self._news.set()
