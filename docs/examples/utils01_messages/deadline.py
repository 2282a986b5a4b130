"""A deadline around new_messages: with utils01, and with its broken twin."""

import asyncio
from asyncio import StreamReader

from lab import story
from lab.host import load


async def wait_for_messages(path: str) -> str:
    """Wait for a message that never comes, and say how the waiting ended."""
    module = load(story.find(path))
    try:
        async with asyncio.timeout(0.1):
            async for _ in module.new_messages(StreamReader()):
                pass
    except TimeoutError:
        return "TimeoutError: the time is up"
    return "no error, as if the client had said goodbye"


async def main() -> None:
    """Try both."""
    for path in ("steps/utils01.py", "steps/broken/swallows_cancel.py"):
        print(f"{path}: {await wait_for_messages(path)}")


asyncio.run(main())
