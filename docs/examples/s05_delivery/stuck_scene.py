"""Records why Bob hears nothing: Alice talks, and a third client does not read."""

import asyncio

from lab import Scene, start
from lab.stepper import FROM_CLIENT

LONG = "x" * 40_000  # characters: a few of these fill the wire and the server's buffer


async def main(scene: Scene) -> None:
    """Let Alice talk while Bob reads and Sleepy does not."""
    async with await start("05") as server:
        alice, sleepy, bob = [
            await server.connect(name) for name in ("alice", "sleepy", "bob")
        ]
        for client in (alice, sleepy, bob):
            await client.join("tea")
        await asyncio.sleep(1)
        sleepy.connection.pause()

        async def talk() -> None:
            for _ in range(9):
                await alice.say("tea", LONG)
                await asyncio.sleep(0.1)

        with scene.shown():
            await asyncio.create_task(talk(), name="alice talks")


scene = Scene("Step 05: one client does not read", main)
scene.mark(
    "talks",
    "Alice begins to talk",
    "Alice's client sends a long message, and its bytes are on the wire to the server.",
    lambda now: now.task == "alice talks",
    claims=lambda now: now.on_the_wire("alice", way=FROM_CLIENT) > len(LONG),
)
scene.mark(
    "unread",
    "Sleepy's bytes pile up",
    "Sleepy is paused: it reads nothing, the wire is full, the server keeps the rest.",
    lambda now: now.kept("sleepy") > 0,
    claims=lambda now: now.on_the_wire("sleepy") == 64 * 1024,
)
scene.mark(
    "stuck",
    "Alice's handler is stuck",
    "It sends to one member after another. Sleepy comes before Bob, and drain waits.",
    lambda now: now.task == "handler of alice" and now.waits == "StreamWriter.drain",
    claims=lambda now: now.must_wait("sleepy") and now.is_at("await member.send"),
    look="await member.send(message)",
)
scene.mark(
    "silence",
    "Bob hears nothing more",
    "Alice talks on. Her handler is stuck, so the server reads nothing from her.",
    lambda now: now.unread("alice", way=FROM_CLIENT) > len(LONG),
    claims=lambda now: (
        now.waiting("handler of alice") == "StreamWriter.drain"
        and now.kept("bob") == now.on_the_wire("bob") == now.unread("bob") == 0
    ),
)
print(scene.as_json())
