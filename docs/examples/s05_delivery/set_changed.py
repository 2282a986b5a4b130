"""Wrong on purpose: It loops over the room itself, and waits in between."""

import asyncio

room = {"alice", "bob", "cleo"}


async def send(member: str) -> None:
    """Send to a member, which may take a while."""
    await asyncio.sleep(0)


async def tell_everyone() -> None:
    """Send to one member after the other."""
    for member in room:
        await send(member)


async def main() -> None:
    """Let Bob leave while the loop goes through the room."""
    telling = asyncio.create_task(tell_everyone())
    await asyncio.sleep(0)
    room.discard("bob")
    try:
        await telling
    except RuntimeError as error:
        print("RuntimeError:", error)


asyncio.run(main())
