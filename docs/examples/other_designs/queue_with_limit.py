"""A queue per client, and a disconnect when it is full."""

from typing import Any

from docs.examples.other_designs.queue_for_each import Queued
from docs.examples.s06_slow_readers.one_sleeps import show

MOST = 128  # messages: here they are about 1 MiB


class Limited(Queued):
    """A client with a queue that has a limit."""

    async def send(self, message: dict[str, Any]) -> None:
        """Put the message into the queue, or disconnect the client if it is full."""
        if self.queue.qsize() < MOST:
            await super().send(message)
        else:
            self.writer.transport.abort()


if __name__ == "__main__":
    show("a queue with a limit", Client=Limited)
