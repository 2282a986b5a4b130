"""Says goodbye so that a client that still talks hears it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

MUCH = 8_000_000  # bytes before the last word: more than the system takes at once


async def say_goodbye(reader: StreamReader, writer: StreamWriter) -> None:
    """Send a lot, and bye as the last word, and read to the end before closing."""
    writer.write(told(b"bye"))
    writer.write_eof()
    while await reader.read(65536):
        pass
    writer.close()


def told(last_word: bytes) -> bytes:
    """Return much to be read, and then the last word."""
    return bytes(MUCH) + last_word


async def heard_by_a_talker(
    say_goodbye: Callable[[StreamReader, StreamWriter], Awaitable[None]],
) -> None:
    """Print what a client hears of it that reads all it can, and talks."""
    said = asyncio.Event()

    async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
        await say_goodbye(reader, writer)
        said.set()

    server = await asyncio.start_server(client_connected, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    heard, end = b"", "the end"
    try:
        while data := await reader.read(65536):
            heard += data
            if not heard.endswith(b"bye"):
                writer.write(b"and another thing")
    except ConnectionError as error:
        end = f"a {type(error).__name__}"
    bye = "bye" if heard.endswith(b"bye") else "no bye"
    print(f"The client heard {len(heard) / len(told(b'bye')):.0%}, {bye}, and {end}.")
    writer.close()
    await said.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(heard_by_a_talker(say_goodbye))
