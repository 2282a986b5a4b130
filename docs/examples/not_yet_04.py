"""Step 03 is asked for what step 04 will be able to do."""

import asyncio

from lab import judge


async def main() -> None:
    """Judge it."""
    print(await judge("who_joins_is_told_that_it_is_done", "03"))


asyncio.run(main())
