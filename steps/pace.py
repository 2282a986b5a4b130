"""Sends no faster than a server reads, and knows which lines it certainly read.

New: a question whose answer proves that the server read everything before it.
Still wrong: lost lines are not sent again.
"""

import asyncio
import socket
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

from utils01 import new_messages, send_message

WINDOW = 10  # lines on their way at a time: a server from 11 on reads 10 a second
ANSWER = 10.0  # seconds for the answer: a server before 04 gives none
TICK = 1.0  # seconds from one look at the server to the next
PATIENCE = 20  # ticks without a sign of life, while we wait for the server
SEND_BUFFER = 2**16  # bytes that wait in the kernel, where we cannot see them
QUESTION = "Have you read it all?"  # a room without members: leaving it is answered


class Pace:
    """The lines sent to a server, and how many it certainly read."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.said = self.read = 0  # lines: sent, and certainly read by the server
        self.heard = self.refused = 0  # messages; lines that were not taken
        self.idle = True  # there is nothing to send at present
        self.finished = False  # everything was sent
        self.over = False  # the server sent what may be its last message
        self._asked: dict[tuple[str, str], int] = {}  # the lines sent by then
        self._asks = True  # until an answer does not come
        self._news = asyncio.Event()  # something was heard
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    async def say(self, message: dict[str, Any]) -> None:
        """Send a line when the server has read enough of the earlier ones.

        Raises OverflowError if it is too long for a frame.
        """
        if self._asks and self.said - self.read >= WINDOW:
            await self._catch_up()
        await self.send(message)
        self.said += 1
        if message["action"] in ("joinroom", "leaveroom"):  # which is answered anyway
            self._asked.setdefault((message["action"], message["room"]), self.said)

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message, unless the server has gone or we have finished."""
        with suppress(OSError, RuntimeError):  # the task that listens learns of it, too
            if not self._writer.is_closing():
                await send_message(self._writer, message)

    async def finish(self) -> None:
        """End our stream and go on reading: the server closes the connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK if self.said and not self.heard else 0):
                await self._news.wait()  # whether it answers at all
        await self._ask()
        self.finished = True
        with suppress(OSError, RuntimeError):
            self._writer.write_eof()

    async def hear(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the server's messages, until it closes the connection.

        Raises ValueError or RecursionError if one is invalid, and EOFError if it is
        only a part of one.
        """
        async for message in new_messages(cast(StreamReader, self)):
            self.heard += 1
            self._news.set()
            match message:
                case {"action": "joinroom" | "leaveroom" as action, "room": str(room)}:
                    if (action, room) in self._asked:
                        self.read, self._asks = self._asked.pop((action, room)), True
                    if room == QUESTION:
                        continue
                case {"action": "error"}:
                    self.refused, self.over = self.refused + 1, True
                case {"action": "bye"}:
                    self.over = True
            yield message
        if self.finished and not self.over and not self._reader.exception():
            self.read = self.said  # with unread bytes, this would be a reset

    async def readexactly(self, count: int) -> bytes:
        """Read for new_messages, which does not tell how the stream ended."""
        try:
            return await self._reader.readexactly(count)
        except IncompleteReadError as error:
            if error.partial:
                raise EOFError("the end of a message is missing") from error
            raise

    async def watch(self) -> None:
        """Return when a server that we wait for gave no sign of life for too long."""
        before, quiet = None, 0
        while quiet < PATIENCE:
            await asyncio.sleep(TICK)
            if self.idle:
                await self._ask()
            # Others may talk on and on: no reason to stay when everything is read.
            heard = None if self.finished and self.read == self.said else self.heard
            unsent = self._writer.transport.get_write_buffer_size()
            now = self.said, self.read, heard, unsent
            quiet = 0 if self.idle or now != before else quiet + 1
            before = now

    def losses(self) -> list[str]:
        """Return a sentence about lines that may not have arrived, or nothing."""
        told = []
        if lost := self.said - self.read:
            told.append(f"Of {self.said} lines, the last {lost} may not have arrived.")
        if self.refused:
            told.append(f"Refused lines: {self.refused}.")
        return told

    async def _catch_up(self) -> None:
        """Wait until the server has read everything, and pause for a moment.

        From 11 on, it disconnects a client that never pauses.
        """
        clock = asyncio.get_running_loop().time
        begin = clock()
        try:
            async with asyncio.timeout(ANSWER):
                while self.read < self.said:
                    self._news.clear()
                    await self._ask()
                    await self._news.wait()
        except TimeoutError:
            self._asks = False
        else:
            await asyncio.sleep((clock() - begin) / 4)

    async def _ask(self) -> None:
        """Ask whether everything was read. A server that never answers has no reply."""
        question = ("leaveroom", QUESTION)
        if self.heard and self.read < self.said and question not in self._asked:
            self._asked[question] = self.said
            await self.send({"action": "leaveroom", "room": QUESTION})
