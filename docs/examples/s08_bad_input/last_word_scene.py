"""Records why the last word of step 08 arrives: the server reads before it closes."""

import asyncio

from lab import Scene, start
from lab.stepper import FROM_CLIENT
from lab.wire import frame


async def main(scene: Scene) -> None:
    """Send a frame that is too large, and read the answer."""
    async with await start("08") as server:
        mallory = await server.call("mallory")
        await asyncio.sleep(1)

        async def attack() -> None:
            await mallory.send(frame(bytes(500_000)))
            while await mallory.receive():
                pass
            mallory.hang_up()

        with scene.shown():
            await asyncio.create_task(attack(), name="mallory")
            await server.prints("gone")


scene = Scene("Step 08: why the last word arrives", main)
scene.mark(
    "refused",
    "The frame is refused",
    "The header announces too much: the server answers, and ends its own direction.",
    lambda now: now.task == "handler of mallory" and now.ran("client.say_last("),
    claims=lambda now: (
        now.finished("mallory")
        and not now.closed("mallory")
        and any("too_large" in text for _, text in now.written)
    ),
)
scene.mark(
    "lingers",
    "The server reads on",
    "The rest of the frame arrives, and the server discards it instead of closing.",
    lambda now: (
        now.task == "handler of mallory" and now.is_at("await reader.read(2**16)")
    ),
    claims=lambda now: not now.closed("mallory"),
)
scene.mark(
    "heard",
    "Mallory has the answer",
    "The answer was on the wire, and it has been read: no reset has destroyed it.",
    lambda now: now.task == "mallory" and now.read("mallory") > 0,
    claims=lambda now: now.kept("mallory") == now.on_the_wire("mallory") == 0,
)
scene.mark(
    "closed",
    "Now the server closes",
    "The client has hung up and nothing is left unread, so that closing is no reset.",
    lambda now: now.task == "handler of mallory" and now.ran("writer.close()"),
    claims=lambda now: now.unread("mallory", FROM_CLIENT) == 0,
)
print(scene.as_json())
