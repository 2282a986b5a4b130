"""Wrong on purpose: It gives each client a queue without a limit."""

import asyncio
from asyncio import StreamWriter
from typing import TYPE_CHECKING, Any

from docs.examples.s06_slow_readers.one_sleeps import show

if TYPE_CHECKING:
    from server05 import Client
else:
    Client = object  # the program replaces it with the step's own class


class Queued(Client):
    """A client with a queue of messages, and a task that sends them."""

    def __init__(self, writer: StreamWriter) -> None:
        super().__init__(writer)
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sending = asyncio.create_task(self.send_all())

    async def send(self, message: dict[str, Any]) -> None:
        """Put the message into the queue, without waiting."""
        self.queue.put_nowait(message)

    async def send_all(self) -> None:
        """Send the messages in the queue, at this client's own pace."""
        while True:
            await super().send(await self.queue.get())

    async def leave_all(self) -> None:
        """End the task before anything else."""
        self.sending.cancel()
        await super().leave_all()


if __name__ == "__main__":
    show("a queue per client", Client=Queued)
