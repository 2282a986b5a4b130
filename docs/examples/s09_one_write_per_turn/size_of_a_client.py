"""How many bytes of memory an object for a client takes, in steps 08 and 09."""

import asyncio
import tracemalloc

from lab import story
from lab.host import load

CLIENTS = 1000


async def size(step: str) -> float:
    """Return the bytes that one client takes which has no name yet."""
    client_class = load(story.find(step)).Client
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    clients = [client_class(None) for _ in range(CLIENTS)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(clients)


def main() -> None:
    """Measure both."""
    print(f"step 08, a dict for each client: {asyncio.run(size('08')):.0f} bytes")
    print(f"step 09, __slots__:              {asyncio.run(size('09')):.0f} bytes")


if __name__ == "__main__":
    main()
