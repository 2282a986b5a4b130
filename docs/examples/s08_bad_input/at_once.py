"""Puts the behaviour that step 09 brings to step 08."""

import asyncio

from lab import judge


async def main() -> None:
    """Judge it in a simulation, whose network counts what is sent."""
    print(await judge("writes_are_batched_per_turn", "08"))


asyncio.run(main())
