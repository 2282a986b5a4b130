"""Sends the same bytes over three bad links, two of them from the same seed."""

import asyncio

from lab import simulation
from lab.network import Faults

FAULTS = Faults(latency=0.1, jitter=0.3, split=0.7)


async def main() -> None:
    """Send bytes to a server that prints each piece and its time."""
    loop = asyncio.get_running_loop()

    async def serve_client(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(100):
            print(f"  {loop.time():.3f} s {data!r}")
        writer.close()

    server = await asyncio.start_server(serve_client, "127.0.0.1", 9011)
    reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
    writer.write(b"More tea?")
    writer.write_eof()
    await reader.read()
    writer.close()
    server.close()


for seed in (1, 2, 1):
    print(f"seed {seed}")
    simulation.run(main(), seed=seed, faults=FAULTS)
