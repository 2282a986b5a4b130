"""drain does not wait until everything has been sent."""

import asyncio
import socket


async def main() -> None:
    """Send more and more to somebody who does not read."""
    with socket.create_server(("127.0.0.1", 0)) as door:  # nobody goes to answer it
        _, writer = await asyncio.open_connection(*door.getsockname())
        returned = 0
        try:
            async with asyncio.timeout(0.5):
                while True:
                    writer.write(b"x" * 1_000)
                    await writer.drain()
                    returned += 1
        except TimeoutError:
            print(f"drain has returned {returned} times, and then no more")
        waiting = writer.transport.get_write_buffer_size()
        print(f"{waiting} bytes wait here; the other side has read none")
        writer.transport.abort()


asyncio.run(main())
