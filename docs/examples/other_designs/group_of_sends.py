"""Wrong on purpose: It sends to all members together and waits for the slowest."""

import asyncio
from typing import Any

from docs.examples.s06_slow_readers.one_sleeps import show


async def send_to(members: set[Any], message: dict[str, Any]) -> None:
    """Send to all members together, and wait for all of them."""
    async with asyncio.TaskGroup() as tasks:
        for member in members:
            tasks.create_task(member.send(message))


if __name__ == "__main__":
    show("a TaskGroup of sends", send_to=send_to)
