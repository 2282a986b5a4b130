"""close waits until everything is sent; abort discards it."""

import asyncio

from lab import simulation

HOUR = 60 * 60  # seconds


async def main() -> None:
    """Send a megabyte to a client that reads nothing, and disconnect it in two ways."""
    connected = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda *streams: connected.set_result(streams), "127.0.0.1", 9011
    )
    _, sleepy = await asyncio.open_connection("127.0.0.1", 9011)
    _, writer = await connected
    writer.write(bytes(1_000_000))
    for disconnect in (writer.close, writer.transport.abort):
        disconnect()
        await asyncio.sleep(HOUR)
        waiting = writer.transport.get_write_buffer_size()
        print(f"an hour after {disconnect.__name__}: {waiting:,} bytes wait")
    sleepy.close()
    server.close()


simulation.run(main())
