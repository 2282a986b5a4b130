"""Shows how a transport buffers bytes, and when it asks the program to stop."""

import asyncio

from lab import simulation


class Sleeper(asyncio.Protocol):
    """Reads nothing until it is woken up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Stop reading immediately."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.pause_reading()


class Talker(asyncio.Protocol):
    """Prints the calls of its transport."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def pause_writing(self) -> None:
        """Print that the buffer is above the higher mark."""
        print("  pause_writing: stop, too much is buffered")

    def resume_writing(self) -> None:
        """Print that the buffer is below the lower mark."""
        print("  resume_writing: go on")

    def connection_lost(self, error: Exception | None) -> None:
        """Note that everything is sent and the connection is closed."""
        self.lost.set()


async def main() -> None:
    """Write to a client that sleeps, over a wire that holds 1000 bytes."""
    loop = asyncio.get_running_loop()
    sleeper, talker = Sleeper(), Talker()
    server = await loop.create_server(lambda: sleeper, "127.0.0.1", 9011)
    transport, _ = await loop.create_connection(lambda: talker, "127.0.0.1", 9011)
    transport.set_write_buffer_limits(high=1500, low=500)
    await asyncio.sleep(0)
    for _ in range(4):
        transport.write(bytes(800))
        print(f"wrote 800 bytes; buffered: {transport.get_write_buffer_size()}")
    print("the other end wakes up")
    sleeper.transport.resume_reading()
    transport.close()
    await talker.lost.wait()
    server.close()


simulation.run(main(), capacity=1000)
