"""Wrong on purpose: starts a task for each member and message, and waits for none."""

import asyncio
from typing import Any

from docs.examples.s06_slow_readers.one_sleeps import show

SENDING: set[asyncio.Task[None]] = set()  # or they would belong to nobody


async def send_to(members: set[Any], message: dict[str, Any]) -> None:
    """Leave it to a task for each member to send, and wait for none of them."""
    for member in members:
        task = asyncio.create_task(member.send(message))
        SENDING.add(task)
        task.add_done_callback(SENDING.discard)


if __name__ == "__main__":
    show("a task for each member", send_to=send_to)
