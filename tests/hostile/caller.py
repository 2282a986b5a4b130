"""A caller who obeys nobody: a bare socket, which is read only when somebody asks.

The clients of the lab are too polite: asyncio's streams read whether one wants it or
not, and they do not tell a connection that ended from one that was broken off.
"""

import asyncio
import json
import socket
import struct
import sys

from lab.wire import HEADER, Message, encode

TIMEOUT = 10.0  # seconds for an answer: longer than any busy machine needs
CHUNK = 65536  # bytes that are read at a time
LIMIT = 65536  # bytes: the largest payload that anybody may send, the server included


class Caller:
    """One hostile connection."""

    def __init__(self, name: str, sock: socket.socket) -> None:
        self.name = name  # what it calls itself, once it does
        self.socket = sock
        self.sends = 0
        self.broken_off = False  # by the server: a reset
        self._came = bytearray()
        self._heard: list[Message] = []

    @classmethod
    async def open(
        cls,
        name: str,
        address: tuple[str, int],
        *,
        takes: int | None = None,
        source: str | None = None,
    ) -> "Caller":
        """Connect; ``takes`` is how many bytes the socket accepts without being read.

        ``source`` is the address to call from.
        """
        sock = socket.socket()
        sock.setblocking(False)
        try:
            if takes is not None:
                # Before the connection: afterwards the window is agreed on already.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
            if source is not None:
                sock.bind((source, 0))
            async with asyncio.timeout(TIMEOUT):
                await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        return cls(name, sock)

    async def send(self, *parts: bytes | Message) -> None:
        """Send bytes, or messages, each part by itself; a hang-up is no obstacle.

        TimeoutError if the server does not take them.
        """
        loop = asyncio.get_running_loop()
        for part in parts:
            data = part if isinstance(part, bytes) else encode(part)
            self.sends += 1
            try:
                async with asyncio.timeout(TIMEOUT):
                    await loop.sock_sendall(self.socket, data)
            except ConnectionError:
                self.broken_off = True
                return

    async def hear(self) -> Message | None:
        """Return the next message, and None at the end, however it came.

        TimeoutError if there is neither.
        """
        async with asyncio.timeout(TIMEOUT):
            while (payload := self._payload()) is None:
                data = await self.receive()
                if not data:
                    assert not self._came or self.broken_off, (
                        "half a frame, and the end"
                    )
                    return None
                self._came += data
        message = strictly(payload)
        self._heard.append(message)
        return message

    def _payload(self) -> bytes | None:
        size = int.from_bytes(self._came[:HEADER], "little")
        assert size <= LIMIT, f"a frame of {size} bytes from the server"
        if len(self._came) < HEADER + size:
            return None
        payload = bytes(self._came[HEADER : HEADER + size])
        del self._came[: HEADER + size]
        return payload

    def heard(self, *actions: str) -> list[Message]:
        """Return all that has been heard so far, or what has one of these actions."""
        return [m for m in self._heard if not actions or m["action"] in actions]

    def has_heard_from(self, name: str) -> bool:
        """Return whether something that somebody said has been heard so far."""
        return any(message["from"] == name for message in self.heard("chat"))

    async def receive(self) -> bytes:
        """Return what has come next; nothing at the end, however it came."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.sock_recv(self.socket, CHUNK)
        except ConnectionError:
            self.broken_off = True
            return b""

    async def hears(self, action: str, **fields: object) -> Message:
        """Return the next message with this action and these fields.

        AssertionError if the connection ends without it, or an error comes instead.
        """
        wanted = {"action": action, **fields}
        while (message := await self.hear()) is not None:
            if message.items() >= wanted.items():
                return message
            assert message.get("action") != "error", f"{message} instead of {wanted}"
        raise AssertionError(f"the connection ended before {wanted}")

    async def is_refused(self, code: str) -> None:
        """Hear an error with this code; AssertionError if none comes, or another."""
        while (message := await self.hear()) is not None:
            if message["action"] == "error":
                assert message["code"] == code, f"{message}, and not {code}"
                assert message["detail"], "an error is explained in a sentence"
                return
        raise AssertionError(f"the connection ended before the error {code}")

    async def is_understood(self) -> None:
        """Show that the connection is in order, after the answers to all before."""
        room = await self._asks()
        await self.hears("leaveroom", room=room)

    async def is_understood_or_refused(self) -> None:
        """Show the same, whatever the answers to all before were."""
        room = await self._asks()
        while (message := await self.hear()) is not None:
            if message == {"action": "leaveroom", "room": room, "from": self.name}:
                return
        raise AssertionError("the connection ended")

    async def _asks(self) -> str:
        # Who is not in a room may leave it: that is answered and changes nothing.
        room = f"never joined {self.sends}"
        await self.send({"action": "leaveroom", "room": room})
        return room

    async def hear_the_end(self) -> None:
        """Read to the end, however it comes."""
        while await self.hear() is not None:
            pass

    async def listens_to_the_end(self) -> None:
        """Read to the end, and hang up then."""
        await self.hear_the_end()
        self.close()

    async def is_hung_up_on(self) -> None:
        """Read to the end; AssertionError if the connection was broken off."""
        await self.hear_the_end()
        assert not self.broken_off, "a reset may swallow what was said before it"

    def finish(self) -> None:
        """Say that nothing more will be sent, and go on listening (FIN)."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection off (RST)."""
        on_for_no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_for_no_time)
        self.socket.close()

    def close(self) -> None:
        """Hang up. The system makes it a reset if something has not been read."""
        self.socket.close()


def strictly(payload: bytes) -> Message:
    """Return the message in a payload; AssertionError if a strict client stumbles."""
    message = json.loads(payload.decode(), parse_constant=no_number)
    assert isinstance(message, dict), f"{payload[:80]!r} is no message"
    # A surrogate that came escaped is legal JSON, and kills whoever prints it.
    json.dumps(message, ensure_ascii=False).encode()
    return message


def no_number(name: str) -> None:
    """Refuse what Python takes for a number and JSON does not."""
    raise AssertionError(f"{name} is not JSON")
