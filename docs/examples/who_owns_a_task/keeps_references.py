"""A set holds the tasks that run in the background, until they end."""

import asyncio

BACKGROUND: set[asyncio.Task[None]] = set()


async def note(text: str) -> None:
    """Do something that the caller does not wait for."""
    await asyncio.sleep(0.05)
    print("noted:", text)


def start_in_background(text: str) -> None:
    """Start a task, and hold it until it ends."""
    task = asyncio.create_task(note(text))
    BACKGROUND.add(task)
    task.add_done_callback(BACKGROUND.discard)


async def main() -> None:
    """Start two, and wait for them at the end."""
    start_in_background("alice has joined")
    start_in_background("bob has joined")
    print("tasks in the set:", len(BACKGROUND))
    await asyncio.wait(BACKGROUND)
    print("tasks in the set:", len(BACKGROUND))


asyncio.run(main())
