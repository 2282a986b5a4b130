"""Wrong on purpose: It treats a client that has finished as an error."""

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
    """Read one message; after it the client has finished."""
    reader = StreamReader()
    reader.feed_data(b"\x10\0\0" + b'{"action": "hi"}')
    reader.feed_eof()
    async for message in new_messages(reader):
        print(message)


asyncio.run(main())
