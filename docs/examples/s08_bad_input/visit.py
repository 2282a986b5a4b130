"""Connects to the running step 08 and makes every kind of mistake."""

import asyncio
from types import SimpleNamespace

from lab import connect
from lab.wire import frame

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))


async def main() -> None:
    """Be refused four times and go on; then announce a payload that is too large."""
    alice = await connect(RUNNING, "alice")
    await alice.connection.send(frame(b"hello"))
    await alice.send({"action": "dance"})
    await alice.send({"action": "chat", "room": "tea", "message": "hello"})
    second = await connect(RUNNING, "ALICE")
    for client in (alice, alice, alice, second):
        print(client.name, "gets:", (await client.hear("error"))["detail"])
    print("alice gets:", await alice.join("tea"))
    await alice.connection.send(b"\xff\xff\xff")
    print("alice gets:", await alice.hear("error"))
    await alice.hear_the_end()
    await second.close()
    await alice.close()


if __name__ == "__main__":
    asyncio.run(main())
