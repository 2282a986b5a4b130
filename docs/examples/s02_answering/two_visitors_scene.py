"""Records two visitors of step 02: what wakes which task."""

import asyncio

from lab import Scene, start
from lab.network import Faults

LATE = Faults(latency=0.02)  # seconds that everything takes to arrive


async def main(scene: Scene) -> None:
    """Let a gong, a timer and bytes from the network wake tasks."""
    async with await start("02") as server:
        gong = asyncio.Event()
        with scene.shown():

            async def alice() -> None:
                visitor = await server.call("alice")
                await visitor.send(b"hello from Alice")
                await asyncio.sleep(0.1)
                gong.set()
                visitor.hang_up()

            async def bob() -> None:
                visitor = await server.call("bob")
                await gong.wait()
                await visitor.send(b"hello from Bob")
                visitor.finish()
                await visitor.receive()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(alice(), name="alice")
                tasks.create_task(bob(), name="bob")


scene = Scene("Step 02: two visitors", main, faults=LATE)
scene.mark(
    "two",
    "Two handlers wait",
    "Each visitor has a task of its own in the server, and both wait for bytes.",
    lambda now: now.task == "handler of bob",
    claims=lambda now: (
        now.waiting("handler of alice") == "StreamReader.read"
        and now.waits == "StreamReader.read"
    ),
)
scene.mark(
    "network",
    "The network wakes a handler",
    "Alice's bytes have arrived, so the loop makes the task that waits for them ready.",
    lambda now: now.event.startswith("net:arrived"),
    claims=lambda now: now.woken == ["handler of alice"],
)
scene.mark(
    "gong",
    "Alice wakes Bob",
    "Alice's timer has run out. She sets the event that Bob waits for.",
    lambda now: now.task == "alice" and now.ran("gong.set()"),
    claims=lambda now: "bob" in now.woken,
)
scene.mark(
    "gone",
    "Alice's handler ends",
    "Alice has hung up: read returns no bytes, and the task of her handler ends.",
    lambda now: now.task == "handler of alice" and now.ended == "done",
    claims=lambda now: not now.end_of("handler of bob"),
)
print(scene.as_json())
