"""How many bytes of memory a client of a step takes, with and without __slots__."""

import asyncio
import tracemalloc
from typing import Any

from lab import story
from lab.host import load

CLIENTS = 1000


async def size(client_class: Any) -> float:
    """Return the bytes of one client that has a name and is in no room."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    clients = [client_class(None) for _ in range(CLIENTS)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(clients)


def main() -> None:
    """Measure the class of step 09, and one that is derived from it without slots."""
    with_slots = load(story.find("09")).Client
    without = type("Client", (with_slots,), {})
    for name, client_class in (("with", with_slots), ("without", without)):
        print(f"{name} __slots__: {asyncio.run(size(client_class)):.0f} bytes")


if __name__ == "__main__":
    main()
