"""What happens to a client whose message makes a handler raise an exception."""

import asyncio

from lab import start
from lab.wire import encode


async def main() -> None:
    """Join without saying which room."""
    async with await start("04") as server:
        alice = await server.connect("alice")
        await alice.connection.send(encode({"action": "joinroom"}))
        await alice.hear_the_end()
        print("the server closed Alice's connection")
        print("the server printed:", server.printed().splitlines()[1:])
        print("on stderr:", server.errors.lines[-1])


asyncio.run(main())
