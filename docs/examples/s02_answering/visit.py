"""Connects to step 02 where it is running, says hello, and waits for the end."""

import asyncio


async def main() -> None:
    """Connect, send something, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
    writer.write(b"hello from the next cell")
    writer.write_eof()
    print("The server sends", await reader.read(), "and closes.")
    writer.close()


if __name__ == "__main__":
    asyncio.run(main())
