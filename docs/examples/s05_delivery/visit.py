"""Two clients connect to step 05 where it is running, and talk."""

import asyncio
from types import SimpleNamespace

from lab import connect

RUNNING = SimpleNamespace(address=("127.0.0.1", 9011))


async def main() -> None:
    """Let Alice and Bob meet in a room, one speak, and the other leave."""
    alice, bob = [await connect(RUNNING, name) for name in ("alice", "bob")]
    for client in (alice, bob):
        answer = await client.join("tea")
        answer["members"].sort()  # they come from a set, in any order
        print(client.name, "is told:", answer)
    await alice.say("tea", "hello")
    print("bob hears:", await bob.hear("chat"))
    await bob.close()
    print("alice hears:", await alice.hear("leaveroom"))
    await alice.close()


if __name__ == "__main__":
    asyncio.run(main())
