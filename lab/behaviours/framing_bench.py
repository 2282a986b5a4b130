"""The bench for framing: a step's functions between bytes and messages.

No socket is needed. Bytes are fed into a real StreamReader, and a real StreamWriter
writes to a transport that keeps what it is given.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from lab.host import imported, load
from lab.story import Step
from lab.unmet import Unmet
from lab.wire import Message


class Framing:
    """How one module turns bytes into messages, and back.

    It has ``new_messages`` and ``send_message``, as ``utils01``; or, as ``utils02``,
    ``new_payloads``, ``parse`` and ``encode``, which do not need each other. With
    ``utils03``, ``new_payloads`` takes a ``Idle`` as well.
    ``timeout`` is how many seconds the messages of a finished stream may take.
    """

    def __init__(self, module: ModuleType, *, timeout: float = 1.0) -> None:
        self.module = module
        self.timeout = timeout

    @classmethod
    def of(cls, step: Step, *, timeout: float = 1.0) -> "Framing":
        """Return the framing of a step, or of a utils file.

        Unmet if it has none.
        """
        own = step if step.reads_messages else step.framing or step
        if step.kind == "server" and own is step:
            expected = "a step that turns bytes into messages"
            raise Unmet(expected, f"{step.name}, which does not")
        module = load(own, folder=step.path.parent)
        for name in own.imports:  # what it leaves to another file is as good as its own
            with suppress(KeyError):  # one that is imported within a function
                for key, value in vars(imported(module, name)).items():
                    vars(module).setdefault(key, value)
        return cls(module, timeout=timeout)

    @property
    def is_whole(self) -> bool:
        """Whether the module has one of the two sets of functions."""
        kinds = (("new_messages", "send_message"), ("new_payloads", "parse", "encode"))
        return any(all(hasattr(self.module, n) for n in kind) for kind in kinds)

    def messages(self, reader: StreamReader) -> AsyncIterator[Message]:
        """Return the messages in a stream, as the step's own functions do."""
        if not hasattr(self.module, "new_messages"):
            return self._parsed(reader)
        stream: AsyncIterator[Message] = self.module.new_messages(reader)
        return stream

    def refusal(self, payload: bytes) -> str:
        """Return the error code for a payload; raise Unmet if it is accepted."""
        if not hasattr(self.module, "parse"):
            file = Path(str(self.module.__file__)).name
            expected = "functions that refuse invalid messages"
            raise Unmet(expected, f"{file}, which has none")
        try:
            message = self.module.parse(payload)
        except self.module.Refused as refused:
            return str(refused.code)
        except Exception as error:  # what a server would die of
            raise Unmet("a refusal with a code", repr(error)) from error
        raise Unmet(f"a refusal of {payload[:40]!r}", repr(message))

    async def received(self, *pieces: bytes) -> list[Message]:
        """Return the messages in a stream that arrives in these pieces and ends.

        Each piece arrives when everything that came before it has been read.
        """
        reader = StreamReader()
        feeding = asyncio.create_task(_feed(reader, pieces))
        try:
            async with asyncio.timeout(self.timeout):
                return [message async for message in self.messages(reader)]
        except TimeoutError as error:
            raise Unmet("the messages end with the stream", "silence") from error
        except Exception as error:  # the module's own: what a server would die of
            raise Unmet("messages, and no exception", repr(error)) from error
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})

    async def refusal_in(self, data: bytes) -> str:
        """Return the error code for a stream that begins like this.

        No more of it comes. Unmet if it is not refused within the timeout.
        """
        reader = StreamReader()
        reader.feed_data(data)
        try:
            async with asyncio.timeout(self.timeout):
                async for message in self.messages(reader):
                    raise Unmet("a refusal", repr(message))
        except TimeoutError as error:
            got = f"nothing within {self.timeout:g} s"
            raise Unmet("a refusal with a code", got) from error
        except Exception as error:
            if not hasattr(error, "code"):
                raise Unmet("a refusal with a code", repr(error)) from error
            return str(error.code)
        raise Unmet("a refusal with a code", "an end")

    async def sent(self, *messages: Message) -> bytes:
        """Return the bytes that are written for these messages."""
        if hasattr(self.module, "encode"):
            return b"".join(map(self.module.encode, messages))
        loop = asyncio.get_running_loop()
        sink = _Sink()
        protocol = asyncio.StreamReaderProtocol(StreamReader())
        protocol.connection_made(sink)
        writer = StreamWriter(sink, protocol, None, loop)
        for message in messages:
            await self.module.send_message(writer, message)
        writer.close()
        return bytes(sink.data)

    async def _parsed(self, reader: StreamReader) -> AsyncIterator[Message]:
        timeout = [self.module.Idle()] if hasattr(self.module, "Idle") else []
        async with aclosing(self.module.new_payloads(reader, *timeout)) as payloads:
            async for payload in payloads:
                yield self.module.parse(payload)


class _Sink(asyncio.Transport):
    """Keeps all written bytes, and is never full."""

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
