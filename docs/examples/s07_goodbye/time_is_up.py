"""Hanging up waits for the other end; a deadline bounds that, and abort ends it."""

import asyncio
from asyncio import StreamReader, StreamWriter

from lab import simulation

TIMEOUT = 4.0  # seconds


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Say more than the system takes, hang up, and wait no longer than TIMEOUT."""
    clock = asyncio.get_running_loop().time
    writer.write(bytes(1_000_000))
    writer.close()
    try:
        async with asyncio.timeout(TIMEOUT):
            await writer.wait_closed()
    except TimeoutError:
        waiting = writer.transport.get_write_buffer_size()
        print(f"at {clock():g} s the time is up, and {waiting} bytes still wait")
        writer.transport.abort()
        waiting = writer.transport.get_write_buffer_size()
        print(f"it is aborted, and {waiting} bytes wait")


async def main() -> None:
    """Connect to it, and read nothing but the first bytes."""
    connected = asyncio.Event()

    async def attended(reader: StreamReader, writer: StreamWriter) -> None:
        await client_connected(reader, writer)
        connected.set()

    server = await asyncio.start_server(attended, "127.0.0.1", 9011)
    _, writer = await asyncio.open_connection("127.0.0.1", 9011, limit=1000)
    await connected.wait()
    writer.close()
    server.close()


simulation.run(main())
