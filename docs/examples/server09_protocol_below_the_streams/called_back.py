"""A protocol that says which of its methods is called, and when."""

import asyncio

from lab import simulation

LONG = bytes(500_000)


class Told(asyncio.Protocol):
    """Print whatever the transport tells; answer a question at great length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be given what to write with."""
        print("    connection_made")
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Be given what has come, however much that is."""
        print(f"    data_received: {data!r}")
        if b"?" in data:
            self.transport.write(LONG)

    def pause_writing(self) -> None:
        """Be asked to write no more for now."""
        waits = self.transport.get_write_buffer_size()
        print(f"    pause_writing: {waits:,} bytes wait")

    def resume_writing(self) -> None:
        """Be allowed to go on writing."""
        print("    resume_writing")

    def eof_received(self) -> None:
        """Be told that no more will come. To return nothing says: close it, then."""
        print("    eof_received")

    def connection_lost(self, error: Exception | None) -> None:
        """Be told that it is over."""
        print(f"    connection_lost: {error}")


async def main() -> None:
    """Be a client, and give the server time to be told between what it does."""
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
        print("It reads what it has been sent")
        await reader.readexactly(len(LONG))
        print("It has no more to say")
        writer.write_eof()
        print(f"It reads on: {await reader.read()!r}, the end of the stream")
        writer.close()


simulation.run(main())
