"""A bot that counts the lines in a room, and a visitor who asks it."""

import asyncio

from lab import connect, start
from lab.client import Refused


async def count_lines(host: str, port: int, room: str) -> None:
    """Count the lines in a room, and answer !count, until the server stops."""
    async with await connect((host, port), "counter") as bot:
        try:
            await bot.join(room)
        except Refused as refused:
            print(f"The server refuses the bot: {refused.code}")
            return
        lines = 0
        async for message in bot:
            match message:
                case {"action": "chat", "message": "!count", "from": name}:
                    await bot.say(room, f"{name}: {lines} lines")
                case {"action": "chat"}:
                    lines += 1
                case {"action": "bye", "reason": reason}:
                    print(f"The bot stops: {reason}")


async def main() -> None:
    """Let Alice talk and ask, start the bot twice, and stop the server."""
    async with await start("12") as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        counting = asyncio.create_task(count_lines(*server.address, "tea"))
        await alice.hear("joinroom")
        for text in ("hello", "is anybody here?", "!count"):
            await alice.say("tea", text)
        answer = await alice.hear("chat")
        print(f"{answer['from']} says {answer['message']!r}")
        await count_lines(*server.address, "tea")
    await counting


asyncio.run(main())
