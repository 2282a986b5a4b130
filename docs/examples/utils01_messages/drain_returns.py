"""drain does not wait until everything is sent."""

import asyncio
import socket


async def main() -> None:
    """Send more and more to a peer that does not read."""
    with socket.create_server(("127.0.0.1", 0)) as door:  # never accepts
        _, writer = await asyncio.open_connection(*door.getsockname())
        returned = 0
        try:
            async with asyncio.timeout(0.5):
                while True:
                    writer.write(b"x" * 1_000)
                    await writer.drain()
                    returned += 1
        except TimeoutError:
            print(f"drain returned {returned} times, and then not any more")
        waiting = writer.transport.get_write_buffer_size()
        print(f"{waiting} bytes wait here; the other side read none")
        writer.transport.abort()
        assert returned > 100, "drain waited much sooner than usual"


asyncio.run(main())
