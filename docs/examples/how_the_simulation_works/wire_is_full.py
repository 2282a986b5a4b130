"""A transport keeps what the wire does not take, and says when it is too much."""

import asyncio

from lab import simulation


class Sleeper(asyncio.Protocol):
    """Reads nothing before it is woken."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Stop reading at once."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.pause_reading()


class Talker(asyncio.Protocol):
    """Prints what its transport tells it."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def pause_writing(self) -> None:
        """Hear that too much is kept."""
        print("  pause_writing: too much is kept")

    def resume_writing(self) -> None:
        """Hear that there is room again."""
        print("  resume_writing: there is room again")

    def connection_lost(self, error: Exception | None) -> None:
        """Hear that all has been sent, and that the connection is closed."""
        self.lost.set()


async def main() -> None:
    """Write to somebody who sleeps, over a wire that holds 1000 bytes."""
    loop = asyncio.get_running_loop()
    sleeper, talker = Sleeper(), Talker()
    server = await loop.create_server(lambda: sleeper, "127.0.0.1", 9011)
    transport, _ = await loop.create_connection(lambda: talker, "127.0.0.1", 9011)
    transport.set_write_buffer_limits(high=1500, low=500)
    await asyncio.sleep(0)
    for _ in range(4):
        transport.write(bytes(800))
        print(f"wrote 800 bytes; kept: {transport.get_write_buffer_size()}")
    print("the other end wakes up")
    sleeper.transport.resume_reading()
    transport.close()
    await talker.lost.wait()
    server.close()


simulation.run(main(), capacity=1000)
