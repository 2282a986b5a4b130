"""Calls step 12 where it is running, once more than it lets anybody in."""

import asyncio
from types import SimpleNamespace

from lab import connect

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))


async def main() -> None:
    """Fill the places of one address, be refused, leave, and come in."""
    guests = [await connect(RUNNING, f"guest {number}") for number in range(20)]
    for guest in guests:
        await guest.join("tea")
    late = await connect(RUNNING, "late")
    print("late is told:", (await late.hear("error"))["detail"])
    await late.hear_the_end()
    await guests.pop().close()
    await guests[0].hear("leaveroom")
    late = await connect(RUNNING, "late")
    print("one leaves, and late is in:", (await late.join("tea"))["action"])
    for client in (*guests, late):
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
