"""close waits until everything has been sent; abort throws it away."""

import asyncio

from lab import simulation

HOUR = 60 * 60  # seconds


async def main() -> None:
    """Send a megabyte to somebody who reads nothing, and hang up in two ways."""
    connected = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda *streams: connected.set_result(streams), "127.0.0.1", 9011
    )
    _, sleepy = await asyncio.open_connection("127.0.0.1", 9011)
    _, writer = await connected
    writer.write(bytes(1_000_000))
    for hang_up in (writer.close, writer.transport.abort):
        hang_up()
        await asyncio.sleep(HOUR)
        waiting = writer.transport.get_write_buffer_size()
        print(f"an hour after {hang_up.__name__}: {waiting:,} bytes wait")
    sleepy.close()
    server.close()


simulation.run(main())
