"""A protocol that prints which of its methods asyncio calls, and when."""

import asyncio

from lab import simulation

LONG = bytes(500_000)


class Told(asyncio.Protocol):
    """Print each call of the transport; answer a question with half a megabyte."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, to write with it later."""
        print("    connection_made")
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take the bytes that arrived, however many they are."""
        print(f"    data_received: {data!r}")
        if b"?" in data:
            self.transport.write(LONG)

    def pause_writing(self) -> None:
        """Take note that we should stop writing for now."""
        waits = self.transport.get_write_buffer_size()
        print(f"    pause_writing: {waits:,} bytes are waiting")

    def resume_writing(self) -> None:
        """Take note that we can go on writing."""
        print("    resume_writing")

    def eof_received(self) -> None:
        """Take note of the end; to return nothing lets the transport close."""
        print("    eof_received")

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that the connection is gone."""
        print(f"    connection_lost: {error}")


async def main() -> None:
    """Be a client, and pause between the actions."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Told, "127.0.0.1", 9011):
        print("A client connects")
        reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
        for words in ([b"hel"], [b"lo", b"good", b"bye"], [b"what?"]):
            await asyncio.sleep(1)
            print("It sends", *words)
            for word in words:
                writer.write(word)
        await asyncio.sleep(1)
        print("It reads the answer")
        await reader.readexactly(len(LONG))
        print("It ends its half of the connection")
        writer.write_eof()
        print(f"It reads on: {await reader.read()!r}, the end of the stream")
        writer.close()


simulation.run(main())
