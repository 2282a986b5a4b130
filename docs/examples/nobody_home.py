"""Step 01 is asked for what step 02 will be able to do."""

import asyncio

from lab import judge


async def main() -> None:
    """Judge it."""
    print(await judge("the_server_hangs_up_on_who_has_finished", "01"))


asyncio.run(main())
