"""Wrong on purpose: It starts a task for each member and message, waiting for none."""

import asyncio
from typing import Any

from docs.examples.s06_slow_readers.one_sleeps import show

SENDING: set[asyncio.Task[None]] = set()  # a task without a reference may be discarded


async def send_to(members: set[Any], message: dict[str, Any]) -> None:
    """Start a task for each member that sends the message, and wait for none."""
    for member in members:
        task = asyncio.create_task(member.send(message))
        SENDING.add(task)
        task.add_done_callback(SENDING.discard)


if __name__ == "__main__":
    show("a task per message", send_to=send_to)
