"""A client calls step 08 where it is running, and makes every kind of mistake."""

import asyncio
from types import SimpleNamespace

from lab import connect
from lab.wire import frame

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))


async def main() -> None:
    """Be refused four times, and talk all the same; then announce too much."""
    alice = await connect(RUNNING, "alice")
    await alice.connection.send(frame(b"hello"))
    await alice.send({"action": "dance"})
    await alice.send({"action": "chat", "room": "tea", "message": "hello"})
    second = await connect(RUNNING, "ALICE")
    for client in (alice, alice, alice, second):
        print(client.name, "is told:", (await client.hear("error"))["detail"])
    print("alice is told:", await alice.join("tea"))
    await alice.connection.send(b"\xff\xff\xff")
    print("alice is told:", await alice.hear("error"))
    await alice.hear_the_end()
    await second.close()
    await alice.close()


if __name__ == "__main__":
    asyncio.run(main())
