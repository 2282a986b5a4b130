"""A client in a few lines, as you would type them at the prompt."""

import asyncio

from lab import start


async def main() -> None:
    """Start a server and type the lines against it."""
    async with await start("02", port=0) as server:
        await call(server.address[1])
        print(await server.prints("Heard"))


async def call(port: int) -> None:
    """Connect, send hello, and wait until the server closes."""
    # -- from here on, as you would type it --
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    await writer.drain()
    writer.write_eof()
    print(await reader.read())
    writer.close()
    # -- to here --


asyncio.run(main())
