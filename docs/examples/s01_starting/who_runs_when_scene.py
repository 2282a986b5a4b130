"""Records how two tasks take turns, and how the clock wakes them."""

import asyncio

from lab import Scene


async def tick(name: str, pause: float) -> None:
    """Print four numbers, and wait after each."""
    for number in range(1, 5):
        print(f"{name} {number}")
        await asyncio.sleep(pause)


async def main() -> None:
    """Start two tasks, one twice as fast as the other, and wait for both."""
    slow = asyncio.create_task(tick("slow", 1.0), name="slow")
    fast = asyncio.create_task(tick("fast", 0.5), name="fast")
    await slow
    await fast
    print("both have ended")


scene = Scene("Two tasks take turns", main)
scene.mark(
    "created",
    "Two tasks are ready",
    "main has created two tasks. Neither has run: first, main has to wait.",
    lambda now: now.task == "main",
    claims=lambda now: now.woken == ["slow", "fast"] and now.waits == "task 'slow'",
)
scene.mark(
    "first",
    "slow runs up to its await",
    "slow runs until it has to wait, and sets a timer that will wake it.",
    lambda now: now.task == "slow",
    claims=lambda now: now.printed == "slow 1\n" and now.waits == "sleep",
)
scene.mark(
    "clock",
    "The clock wakes fast",
    "Nothing is ready, so the loop waits until the first timer is due: that of fast.",
    lambda now: now.event != "",
    claims=lambda now: now.time == 0.5 and now.woken == ["fast"],
)
scene.mark(
    "ended",
    "slow ends and wakes main",
    "main waits for slow. When that task ends, main becomes ready.",
    lambda now: now.task == "slow" and now.ended == "done",
    claims=lambda now: now.woken == ["main"],
)
print(scene.as_json())
