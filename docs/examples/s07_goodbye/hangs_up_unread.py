"""Wrong on purpose: It closes a connection although unread bytes may arrive."""

import asyncio
from asyncio import StreamReader, StreamWriter

from docs.examples.s07_goodbye.last_words import everything, received_by_a_talker


async def say_goodbye(reader: StreamReader, writer: StreamWriter) -> None:
    """Send a lot of data and bye at the end, and close."""
    writer.write(everything(b"bye"))
    writer.close()


if __name__ == "__main__":
    asyncio.run(received_by_a_talker(say_goodbye))
