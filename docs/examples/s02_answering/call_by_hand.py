"""A client in five lines, as one would type them at the prompt."""

import asyncio

from lab import start


async def main() -> None:
    """Type the lines against a server that has been started for them."""
    async with await start("02", port=0) as server:
        await call(server.address[1])
        print(await server.prints("Heard"))


async def call(port: int) -> None:
    """Connect, say hello, and wait for the server to hang up."""
    # -- from here on, as you would type it --
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    await writer.drain()
    writer.write_eof()
    print(await reader.read())
    writer.close()
    # -- to here --


asyncio.run(main())
