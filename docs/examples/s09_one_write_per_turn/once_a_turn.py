"""Sends in one piece whatever is said in one turn of the event loop."""

import asyncio

from lab import simulation

OUTBOX: list[str] = []  # what was said and is not sent yet


async def talk(name: str) -> None:
    """Say two things, and pause after each."""
    for number in (1, 2):
        say(f"{name} {number}")
        await asyncio.sleep(0)


def say(what: str) -> None:
    """Put something into the outbox; the first item schedules a flush."""
    if not OUTBOX:
        asyncio.get_running_loop().call_soon(flush)
    OUTBOX.append(what)


def flush() -> None:
    """Send everything that is in the outbox."""
    print("send", ", ".join(OUTBOX))
    OUTBOX.clear()


async def main() -> None:
    """Let three tasks talk."""
    async with asyncio.TaskGroup() as tasks:
        for name in ("alice", "bob", "cleo"):
            tasks.create_task(talk(name))


simulation.run(main())
