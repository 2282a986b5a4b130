"""Step 04 is asked for what step 05 will be able to do."""

import asyncio

from lab import judge


async def main() -> None:
    """Judge it."""
    print(await judge("chat_reaches_everyone_else", "04"))


asyncio.run(main())
