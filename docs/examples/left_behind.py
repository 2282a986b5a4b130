"""A client breaks off: is it still a member of the room?"""

import asyncio

from lab import judge

WANTED = "who_breaks_off_leaves_the_room"


async def main() -> None:
    """Judge the twin, which tidies up after the loop, and then the step."""
    print(await judge(WANTED, "steps/broken/leaves_when_all_went_well.py"))
    print(await judge(WANTED, "05"))


asyncio.run(main())
