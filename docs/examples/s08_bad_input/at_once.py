"""Puts the behaviour that step 09 brings to step 08."""

import asyncio

from lab import judge


async def main() -> None:
    """Judge it in a simulation, whose network counts what is sent."""
    print(await judge("what_is_said_at_once_is_one_write", "08"))


asyncio.run(main())
