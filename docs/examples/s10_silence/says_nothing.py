"""Connects to step 10, sends nothing, and prints the answer and when it came."""

import asyncio


async def main() -> None:
    """Connect, send nothing, and read to the end."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
    told = await reader.read()
    print(f"after {loop.time() - begin:.0f} s:", told[3:].decode())
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
