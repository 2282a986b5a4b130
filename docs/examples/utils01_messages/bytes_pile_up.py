"""Draws how bytes pile up in a writer while the other side reads nothing."""

import asyncio

from lab import Unsent, simulation
from lab.wire import encode

MESSAGE = encode({"action": "chat", "room": "tea", "message": "x" * 1000})
PAUSE = 0.01  # seconds between two messages


async def main() -> None:
    """Write and never drain; after three seconds the other side begins to read."""
    connected = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda *streams: connected.set_result(streams), "127.0.0.1", 9011
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", 9011, limit=2000)
    _, talking = await connected
    with Unsent({writer.get_extra_info("sockname")[1]: "the peer"}) as unsent:
        reading = asyncio.create_task(_read_later(reader))
        for _ in range(400):
            talking.write(MESSAGE)
            await asyncio.sleep(PAUSE)
        while talking.transport.get_write_buffer_size():
            await asyncio.sleep(PAUSE)
            talking.write(b"")  # so that the picture has a point here
        talking.close()
        await reading
    writer.close()
    server.close()
    print(unsent.svg())


async def _read_later(reader: asyncio.StreamReader) -> None:
    await asyncio.sleep(3)
    while True:
        if not await reader.read(2000):
            return
        await asyncio.sleep(PAUSE)


simulation.run(main(), capacity=16_384)
