"""A deadline around new_messages: with utils01, and with a wrong version of it."""

import asyncio
from asyncio import StreamReader

from lab import story
from lab.host import load
from lab.mistakes import twins
from lab.story import Step


async def wait_for_messages(step: Step) -> str:
    """Wait for a message that never comes, and return how the waiting ended."""
    module = load(step)
    try:
        async with asyncio.timeout(0.1):
            async for _ in module.new_messages(StreamReader()):
                pass
    except TimeoutError:
        return "TimeoutError, as it should be"
    return "no error, as if the client had finished"


async def main() -> None:
    """Try both."""
    for step in (story.find("utils01"), twins.find("swallows_cancel").step):
        print(f"{step.name}: {await wait_for_messages(step)}")


asyncio.run(main())
