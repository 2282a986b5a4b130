"""Members vanish while Alice talks: what becomes of her, and of her broken twin's."""

import asyncio

from lab import judge

WANTED = "members_who_leave_do_not_harm_a_talker"


async def main() -> None:
    """Judge the twin, which has one except clause fewer, and then the step."""
    print(await judge(WANTED, "steps/broken/falls_with_the_dead.py"))
    print(await judge(WANTED, "05"))


asyncio.run(main())
