"""Records how three visitors are counted as one."""

import asyncio

from lab import Scene

visitors = 0


async def visit() -> None:
    """Read the number, let other tasks run, and write it."""
    global visitors
    seen = visitors
    await asyncio.sleep(0)
    visitors = seen + 1


async def main() -> None:
    """Count three visitors who come at the same time."""
    async with asyncio.TaskGroup() as tasks:
        for name in ("alice", "bob", "cleo"):
            tasks.create_task(visit(), name=name)
    print(f"counted: {visitors}")


scene = Scene("The lost update", main)
scene.mark(
    "read",
    "Alice has read 0",
    "Alice's task has read the number and waits before it writes.",
    lambda now: now.task == "alice",
    claims=lambda now: now.value("seen", "alice") == "0" == now.value("visitors"),
)
scene.mark(
    "all",
    "All three have read 0",
    "Cleo's task has read the same 0: nothing was written yet.",
    lambda now: now.task == "cleo",
    claims=lambda now: now.value("seen", "cleo") == now.value("seen", "bob") == "0",
)
scene.mark(
    "lost",
    "Bob writes 1 again",
    "Alice has written 1. Bob writes 0 + 1 as well, so her update is lost.",
    lambda now: now.task == "bob" and now.ended == "done",
    claims=lambda now: now.end_of("alice") == "done" and now.value("visitors") == "1",
)
print(scene.as_json())
