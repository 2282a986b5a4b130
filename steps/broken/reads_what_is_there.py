"""Wrong on purpose: takes what is there for what was asked for.

Twin of: utils01
Breaks: a_message_arrives_whole_however_it_is_cut
"""

import json
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from typing import Any

HEADER = 3  # bytes: the size of the payload, an unsigned integer, lowest byte first


async def new_messages(reader: StreamReader) -> AsyncGenerator[dict[str, Any], None]:
    """Yield each message that arrives, until the connection ends.

    A payload that is not JSON is passed over; the next one may be better.
    """
    try:
        while True:
            size_prefix = await reader.read(HEADER)
            if not size_prefix:
                return
            size = int.from_bytes(size_prefix, byteorder="little")
            payload = await reader.read(size)
            try:
                message = json.loads(payload)
            except json.JSONDecodeError:
                continue
            yield message
    except (IncompleteReadError, OSError):
        # The connection is dead, leave. CancelledError is not on the list: whoever
        # cancels us must be able to rely on it.
        return


async def send_message(writer: StreamWriter, message: dict[str, Any]) -> None:
    """Send one message; wait while too much of what was sent before is still here.

    Raises an OSError if the connection has been lost, and OverflowError if the
    payload is larger than the header can say (16 MiB less one byte).
    """
    payload = json.dumps(message).encode()
    size_prefix = len(payload).to_bytes(HEADER, byteorder="little")
    # No await between the two: no other task can slip a byte in.
    writer.write(size_prefix)
    writer.write(payload)
    await writer.drain()
