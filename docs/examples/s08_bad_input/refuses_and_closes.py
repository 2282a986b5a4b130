"""Wrong on purpose: It answers and closes before it has read the rest of the input."""

from asyncio import StreamReader, StreamWriter

from docs.examples.s08_bad_input.refuses_and_reads import heard_by_a_client
from lab import simulation
from lab.wire import HEADER


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Refuse on the header, and close."""
    size = int.from_bytes(await reader.readexactly(HEADER), byteorder="little")
    writer.write(f"{size} bytes are too many".encode())
    writer.close()


if __name__ == "__main__":
    simulation.run(heard_by_a_client(client_connected))
