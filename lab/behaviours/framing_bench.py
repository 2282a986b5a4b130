"""The bench for framing: a step's two functions between bytes and messages.

No socket is needed. Bytes are fed into a real StreamReader, and a real StreamWriter
writes to a transport that keeps what it is given.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterable
from types import ModuleType
from typing import Any

from lab import story
from lab.host import load
from lab.notyet import NotYet
from lab.story import Step
from lab.wire import Message


class Framing:
    """``new_messages`` and ``send_message`` of one module.

    ``patience`` is how many seconds the messages of a finished stream may take.
    """

    def __init__(self, module: ModuleType, *, patience: float = 1.0) -> None:
        self.module = module
        self.patience = patience

    @classmethod
    def of(cls, step: Step, *, patience: float = 1.0) -> "Framing":
        """Return the framing that a step uses, or that a utils file is.

        NotYet if it has none.
        """
        names = [name for name in step.imports if name.startswith("utils")]
        if step.kind == "server" and not names:
            expected = "a step that turns bytes into messages"
            raise NotYet(expected, f"{step.name}, which does not")
        return cls(load(story.find(names[0]) if names else step), patience=patience)

    def messages(self, reader: StreamReader) -> AsyncIterator[Message]:
        """Return the messages in a stream, as the step's ``new_messages`` does."""
        stream: AsyncIterator[Message] = self.module.new_messages(reader)
        return stream

    async def received(self, *pieces: bytes) -> list[Message]:
        """Return the messages in a stream that arrives in these pieces and ends.

        Each piece arrives when everything that came before it has been read.
        """
        reader = StreamReader()
        feeding = asyncio.create_task(_feed(reader, pieces))
        try:
            async with asyncio.timeout(self.patience):
                return [message async for message in self.messages(reader)]
        except TimeoutError as error:
            raise NotYet("the messages to end with the stream", "silence") from error
        except Exception as error:  # the module's own: what a server would die of
            raise NotYet("messages, and no exception", repr(error)) from error
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})

    async def sent(self, *messages: Message) -> bytes:
        """Return the bytes that ``send_message`` writes for these messages."""
        loop = asyncio.get_running_loop()
        sink = _Sink()
        protocol = asyncio.StreamReaderProtocol(StreamReader())
        protocol.connection_made(sink)
        writer = StreamWriter(sink, protocol, None, loop)
        for message in messages:
            await self.module.send_message(writer, message)
        writer.close()
        return bytes(sink.data)


class _Sink(asyncio.Transport):
    """Keeps what is written, and never has too much of it."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()
        self._closed = False

    def write(self, data: Any) -> None:
        self.data += data

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True


async def _feed(reader: StreamReader, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        reader.feed_data(piece)
        await asyncio.sleep(0)  # a turn for whoever reads
    reader.feed_eof()
