"""Step 02 serves two visitors at the same time: one task each."""

import asyncio

from lab import start


async def main() -> None:
    """Start the step, connect twice and print the tasks that exist then."""
    async with await start("02") as server:
        before = asyncio.all_tasks()
        for _ in ("first", "second"):
            caller = await server.call()
            await caller.send(b"hello")
        await server.prints("Heard", times=2)
        print(server.printed().replace(str(server.address[1]), "PORT"))
        for task in asyncio.all_tasks() - before:
            print("a task runs", getattr(task.get_coro(), "__name__", "?"))


asyncio.run(main())
