"""Step 02 reads other pieces than the client sent: a stream has no boundaries."""

import asyncio

from lab import start


async def main() -> None:
    """Send one word in two pieces, then two words without a pause."""
    async with await start("02") as server:
        caller = await server.call()
        await caller.send(b"hel")
        await server.prints("Heard")
        await caller.send(b"lo")
        await server.prints("Heard", times=2)
        await caller.send(b"good")
        await caller.send(b"bye")
        await server.prints("bye")
        print(server.printed().split("\n", 1)[1])


asyncio.run(main())
