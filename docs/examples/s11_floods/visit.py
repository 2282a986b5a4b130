"""Sends forty messages to step 11 together, and prints when they arrive."""

import asyncio
from types import SimpleNamespace

from lab import connect
from lab.wire import encode

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))
CHAT = {"action": "chat", "room": "tea"}
MANY = 40


async def main() -> None:
    """Let Alice send all of them, and Bob receive them."""
    loop = asyncio.get_running_loop()
    alice, bob = await connect(RUNNING, "alice"), await connect(RUNNING, "bob")
    await bob.join("tea")
    await alice.join("tea")
    begin = loop.time()
    texts = [{**CHAT, "message": f"{number}"} for number in range(1, MANY + 1)]
    await alice.connection.send(b"".join(map(encode, texts)))
    for number in range(1, MANY + 1):
        heard = await bob.hear("chat")
        if number % 5 == 0:
            print(f"{loop.time() - begin:.1f} s: Bob gets message {heard['message']}")
    await alice.close()
    await bob.close()


if __name__ == "__main__":
    asyncio.run(main())
