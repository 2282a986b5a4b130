"""Clients for a server in use by others: their names and rooms are disguised.

A behaviour uses alice and the room tea. Another client may have that name already,
another checker's client for instance. So each name and each room gets some letters more
on its way to the server, and loses them on its way back: the behaviour sees neither.
"""

import json
import random
import string
import unicodedata
from typing import Any

from lab import wire
from lab.client import Client, Connection
from lab.host import Running
from lab.story import Step
from lab.wire import Message

LETTERS = 7  # that are added: two checkers will never draw the same
LONGEST = 20  # characters of a name that gets them: a longer one is about its length
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that are not seen
NAMED = ("username", "room")  # the fields of a message that are changed
ENOUGH = 20  # clients, whom a server lets in from one address


def _unescaped(message: Message) -> bytes:
    """Return the frame that carries a message, with every letter as it is."""
    text = json.dumps(message, ensure_ascii=False)
    return wire.frame(text.encode(errors="surrogatepass"))


class Disguised(Connection):
    """A connection on which all names and rooms have some letters more."""

    guest: "Guest"

    def begin(self, guest: "Guest") -> None:
        """Speak for this guest."""
        self.guest = guest
        self._raw, self._ready = bytearray(), bytearray()

    async def send(self, data: bytes) -> None:
        """Send bytes; complete messages get other names."""
        frames = _frames(buffer := bytearray(data))
        if not buffer:
            data = b"".join(map(self.guest.outward, frames))
        await super().send(data)

    async def receive(self, most: int = 65536) -> bytes:
        """Return bytes that arrived; none when the server ended."""
        while not self._ready:
            data = await super().receive(most)
            self._raw += data
            for frame in _frames(self._raw):
                self._ready += self.guest.inward(frame)
            if not data:  # the end, perhaps within a message
                self._ready += self._raw
                self._raw.clear()
                break
        portion = bytes(self._ready[:most])
        del self._ready[:most]
        return portion


class Guest(Running):
    """A server that runs elsewhere, where we and maybe others are guests."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.letters = "".join(random.choices(string.ascii_lowercase, k=LETTERS))
        self.refused_at: int | None = None  # the first client that found no place

    async def call(self, name: str = "") -> Connection:
        """Open a connection of raw bytes; stopping closes it, not the server."""
        connection = await Disguised.open(self, name)
        assert isinstance(connection, Disguised), "it is made by its own class"
        connection.begin(self)
        self._clients.append(connection)
        return connection

    async def connect(self, name: str, timeout: float = 5.0) -> Client:
        """Connect a client and send its connect; stopping closes it."""
        client = Client(name, await self.call(), timeout)
        self._clients[-1] = client
        await client.send({"action": "connect", "username": name})
        return client

    def outward(self, frame: bytes) -> bytes:
        """Return a frame with the letters in it; one of another form as it is."""
        try:
            message = json.loads(frame[wire.HEADER :])
        except (ValueError, RecursionError):
            return frame
        if not isinstance(message, dict):
            return frame
        changed = {name: self._longer(message[name]) for name in NAMED & message.keys()}
        for encode in (wire.encode, _unescaped):
            if encode(message) == frame:
                return encode(message | changed)
        return frame

    def inward(self, frame: bytes) -> bytes:
        """Return a frame without the letters, wherever they are in it."""
        payload = frame[wire.HEADER :]
        if b'"full"' in payload and self.refused_at is None:
            self.refused_at = len(self._clients)
        return wire.frame(payload.replace(self.letters.encode(), b""))

    def in_the_way(self) -> str:
        """Return what other clients kept us from; empty if nothing."""
        if self.refused_at is None or self.refused_at > ENOUGH:
            return ""
        many = self.refused_at
        return f"free places: the server was full at client {many}, so others are there"

    def _longer(self, value: Any) -> Any:
        """Return a name with the letters, unless its length or looks are the point."""
        if not isinstance(value, str):
            return value
        name = value.lstrip()
        if len(name.rstrip()) > LONGEST or not any(map(_is_seen, name)):
            return value
        if unicodedata.category(name[0])[0] in "CM":
            return value  # it would mean something else behind a letter
        return f"{value[: len(value) - len(name)]}{self.letters}{name}"


def _is_seen(character: str) -> bool:
    seen = unicodedata.category(character)[0] in "LNS"
    return seen and character not in BLANK


def _frames(buffer: bytearray) -> list[bytes]:
    """Take the whole frames off a buffer."""
    found: list[bytes] = []
    while True:
        end = wire.HEADER + int.from_bytes(buffer[: wire.HEADER], "little")
        if len(buffer) < wire.HEADER or len(buffer) < end:
            return found
        found.append(bytes(buffer[:end]))
        del buffer[:end]
