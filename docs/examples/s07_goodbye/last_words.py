"""Says goodbye so that a client that is still sending receives it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

MUCH = 8_000_000  # bytes before the last message: more than the kernel accepts at once


async def say_goodbye(reader: StreamReader, writer: StreamWriter) -> None:
    """Send a lot of data and bye at the end, and read to the end before closing."""
    writer.write(everything(b"bye"))
    writer.write_eof()
    while await reader.read(65536):
        pass
    writer.close()


def everything(last_message: bytes) -> bytes:
    """Return a lot of data with the last message at its end."""
    return bytes(MUCH) + last_message


async def received_by_a_talker(
    say_goodbye: Callable[[StreamReader, StreamWriter], Awaitable[None]],
) -> None:
    """Print how much a client receives that reads all the time and sends, too."""
    done = asyncio.Event()

    async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
        await say_goodbye(reader, writer)
        done.set()

    server = await asyncio.start_server(client_connected, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    received, end = b"", "the end"
    try:
        while data := await reader.read(65536):
            received += data
            if not received.endswith(b"bye"):
                writer.write(b"and another thing")
    except ConnectionError as error:
        end = f"a {type(error).__name__}"
    bye = "bye" if received.endswith(b"bye") else "no bye"
    share = len(received) / len(everything(b"bye"))
    print(f"The client received {share:.0%}, {bye}, and {end}.")
    writer.close()
    await done.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(received_by_a_talker(say_goodbye))
