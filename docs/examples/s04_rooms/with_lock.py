"""A lock keeps other tasks out while one of them reads, waits and writes."""

import asyncio

visitors = 0


async def count_with_a_lock(lock: asyncio.Lock) -> None:
    """Read, wait and write; no other task can do so at the same time."""
    global visitors
    async with lock:
        seen = visitors
        await asyncio.sleep(0)
        visitors = seen + 1


async def main() -> None:
    """Let a hundred tasks count."""
    lock = asyncio.Lock()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(count_with_a_lock(lock))
    print(f"count_with_a_lock: {visitors} of 100")


asyncio.run(main())
