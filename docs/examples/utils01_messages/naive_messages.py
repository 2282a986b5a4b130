"""Wrong on purpose: the first idea of new_messages, and how it ends."""

import asyncio
import json
from asyncio import StreamReader
from collections.abc import AsyncGenerator
from typing import Any


async def new_messages(reader: StreamReader) -> AsyncGenerator[dict[str, Any], None]:
    """Yield each message that arrives."""
    while True:
        size_prefix = await reader.readexactly(3)
        size = int.from_bytes(size_prefix, byteorder="little")
        message = await reader.readexactly(size)
        yield json.loads(message)


async def main() -> None:
    """Read one message, after which the client has gone."""
    reader = StreamReader()
    reader.feed_data(b"\x10\0\0" + b'{"action": "hi"}')
    reader.feed_eof()
    async for message in new_messages(reader):
        print(message)


asyncio.run(main())
