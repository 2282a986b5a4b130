"""Connects to a running step 12 once more than it allows."""

import asyncio
from types import SimpleNamespace

from lab import connect

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))


async def main() -> None:
    """Take all of an address's places, be refused, and get in when one is free."""
    guests = [await connect(RUNNING, f"guest {number}") for number in range(20)]
    for guest in guests:
        await guest.join("tea")
    late = await connect(RUNNING, "late")
    print("late gets:", (await late.hear("error"))["detail"])
    await late.hear_the_end()
    await guests.pop().close()
    await guests[0].hear("leaveroom")
    late = await connect(RUNNING, "late")
    print("one leaves, and late gets in:", (await late.join("tea"))["action"])
    for client in (*guests, late):
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
