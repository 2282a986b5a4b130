"""Records how step 09 collects the messages of a turn, and sends them in one write."""

import asyncio

from lab import Scene, start


async def main(scene: Scene) -> None:
    """Let Alice and Cleo speak in the same turn."""
    async with await start("09") as server:
        alice, bob, cleo = [
            await server.connect(name) for name in ("alice", "bob", "cleo")
        ]
        for client in (alice, bob, cleo):
            await client.join("tea")
        await asyncio.sleep(1)
        with scene.shown():
            await alice.say("tea", "good")
            await cleo.say("tea", "morning")
            await alice.say("tea", "Bob")
            await asyncio.sleep(1)


scene = Scene("Step 09: one write a turn", main)
scene.mark(
    "posted",
    "Posted, not written",
    "Alice's handler has posted two messages. It writes nothing, and asks for a flush.",
    lambda now: now.task == "handler of alice",
    claims=lambda now: not now.written and now.ran("self.posts.append"),
)
scene.mark(
    "same",
    "Cleo, in the same turn",
    "Cleo's handler posts its message behind them, in the same turn of the loop.",
    lambda now: now.task == "handler of cleo",
    claims=lambda now: not now.written and now.ran("self.posts.append"),
)
scene.mark(
    "flushed",
    "One write for Bob",
    "The flush runs after both, and all three messages for Bob leave in one write.",
    lambda now: bool(now.written),
    claims=lambda now: (
        sum(client == "bob" for client, _ in now.written) == 3
        and now.ran("member.write(")
    ),
)
print(scene.as_json())
