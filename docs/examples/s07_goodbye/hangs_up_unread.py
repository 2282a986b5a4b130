"""Wrong on purpose: It hangs up although something may come that it has not read."""

import asyncio
from asyncio import StreamReader, StreamWriter

from docs.examples.s07_goodbye.last_words import heard_by_a_talker, told


async def say_goodbye(reader: StreamReader, writer: StreamWriter) -> None:
    """Send a lot, and bye as the last word, and close."""
    writer.write(told(b"bye"))
    writer.close()


if __name__ == "__main__":
    asyncio.run(heard_by_a_talker(say_goodbye))
