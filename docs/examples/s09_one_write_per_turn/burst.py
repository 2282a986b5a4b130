"""Sends 64 messages at once to step 09 and counts in how many pieces they arrive."""

import asyncio
from types import SimpleNamespace

from lab import Connection, connect
from lab.wire import encode

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))
MESSAGES = 64


async def main() -> None:
    """Let Alice talk, and count the pieces that reach Bob."""
    bob = await Connection.open(RUNNING)
    await bob.send(encode({"action": "connect", "username": "bob"}))
    await bob.send(encode({"action": "joinroom", "room": "tea"}))
    await bob.receive()
    alice = await connect(RUNNING, "alice")
    await alice.join("tea")
    await bob.receive()
    chat = {"action": "chat", "room": "tea", "message": "hello"}
    await alice.connection.send(encode(chat) * MESSAGES)
    heard = pieces = 0
    while heard < MESSAGES:
        heard += (await bob.receive()).count(b"hello")
        pieces += 1
    print(f"Messages that Bob received: {heard}. Pieces they came in: {pieces}.")
    await alice.close()
    await bob.close()


if __name__ == "__main__":
    asyncio.run(main())
