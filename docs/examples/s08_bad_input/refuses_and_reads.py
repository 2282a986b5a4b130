"""Refuses a frame that is too large, so that the client gets the reason."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

from lab import simulation
from lab.wire import HEADER, frame

MANY = 1_000_000  # bytes: the payload that the client sends
Attend = Callable[[StreamReader, StreamWriter], Awaitable[None]]


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Refuse on the header, half-close, and read the rest before closing."""
    size = int.from_bytes(await reader.readexactly(HEADER), byteorder="little")
    writer.write(f"{size} bytes are too many".encode())
    writer.write_eof()
    while await reader.read(65536):
        pass
    writer.close()


async def heard_by_a_client(client_connected: Attend) -> None:
    """Send the frame, half-close, and print the answer."""
    attended = asyncio.Event()

    async def serve_client(reader: StreamReader, writer: StreamWriter) -> None:
        await client_connected(reader, writer)
        attended.set()

    server = await asyncio.start_server(serve_client, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        writer.write(frame(bytes(MANY)))
        await writer.drain()
        writer.write_eof()
        print("The client gets:", (await reader.read()).decode())
    except ConnectionError as error:
        print("The client gets no answer:", error)
    writer.close()
    await attended.wait()
    server.close()


if __name__ == "__main__":
    simulation.run(heard_by_a_client(client_connected))
