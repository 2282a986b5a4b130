"""Closing waits for the client; a deadline bounds the wait, and abort ends it."""

import asyncio
from asyncio import StreamReader, StreamWriter

from lab import simulation

TIMEOUT = 4.0  # seconds


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Send more than the kernel accepts, close, and wait no longer than TIMEOUT."""
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
        print(f"after abort, {waiting} bytes wait")


async def main() -> None:
    """Connect to it, and read nothing but the first bytes."""
    connected = asyncio.Event()

    async def served(reader: StreamReader, writer: StreamWriter) -> None:
        await client_connected(reader, writer)
        connected.set()

    server = await asyncio.start_server(served, "127.0.0.1", 9011)
    _, writer = await asyncio.open_connection("127.0.0.1", 9011, limit=1000)
    await connected.wait()
    writer.close()
    server.close()


simulation.run(main())
