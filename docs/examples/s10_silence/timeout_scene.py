"""Records how step 10 ends a silent client: how a cancellation becomes TimeoutError."""

import asyncio

from lab import Scene, start


async def main(scene: Scene) -> None:
    """Connect, say half of a header, and nothing else."""
    async with await start("10") as server:
        dora = await server.call("dora")
        await dora.send(b"\x10")
        await asyncio.sleep(7)
        with scene.shown():
            await dora.rest(60)
            dora.hang_up()
            await server.prints("gone")


scene = Scene("Step 10: a deadline passes", main)
scene.mark(
    "decided",
    "watch has counted enough",
    "The task that watches Dora sets the deadline to the past, and raises nothing.",
    lambda now: now.ran("self.reading.reschedule(0)"),
    claims=lambda now: (
        now.task == "watch of dora"
        and now.waiting("handler of dora") == "StreamReader.readexactly"
    ),
    look="self.reading.reschedule(0)",
)
scene.mark(
    "cancels",
    "The deadline cancels the reader",
    "The timeout's callback runs. It cancels the task that is inside the block.",
    lambda now: now.event == "Timeout._on_timeout",
    claims=lambda now: "handler of dora" in now.woken,
    look="async with client.reading",
)
scene.mark(
    "caught",
    "CancelledError becomes TimeoutError",
    "The timeout block knows that it cancelled the task: it raises TimeoutError.",
    lambda now: (
        now.task == "handler of dora"
        and now.ran("except TimeoutError:")
        and now.ran('client.say_last(Refused("silent").message)')
    ),
    claims=lambda now: not now.ended and now.finished("dora"),
    look="except TimeoutError:",
)
scene.mark(
    "ended",
    "The handler ends as usual",
    "Dora's client has read why, and hung up. The handler ends without an error.",
    lambda now: now.task == "handler of dora" and bool(now.ended),
    claims=lambda now: (
        now.ended == "done" and now.end_of("watch of dora") == "cancelled"
    ),
)
print(scene.as_json())
