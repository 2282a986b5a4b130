"""Records how step 07 says goodbye to Alice, and to a client that does not read."""

import asyncio

from lab import Scene, start

LONG = "x" * 30_000  # characters


async def main(scene: Scene) -> None:
    """Let Alice talk until much waits for Sleepy; then stop the server."""
    async with await start("07") as server:
        alice, sleepy = await server.connect("alice"), await server.connect("sleepy")
        for client in (alice, sleepy):
            await client.join("tea")
        await asyncio.sleep(1)
        sleepy.connection.pause()
        for _ in range(10):
            await alice.say("tea", LONG)
        await asyncio.sleep(1)
        with scene.shown():
            server.main.cancel()
            await asyncio.wait({server.main})


scene = Scene("Step 07: the server says goodbye", main)
scene.mark(
    "cancelled",
    "The server's main is cancelled",
    "CancelledError is raised where the server's main waits; its finally block begins.",
    lambda now: now.task == "server07" and now.ran("await say_goodbye(server)"),
    claims=lambda now: now.is_at("await asyncio.sleep(ONE_TURN)"),
    look="await say_goodbye(server)",
)
scene.mark(
    "told",
    "All are told",
    "The server has sent bye to all, and waits for their handlers until a deadline.",
    lambda now: now.task == "server07" and now.ran("client.say_last("),
    claims=lambda now: (
        now.waits == "wait"
        and {client for client, text in now.written if "bye" in text}
        == {"alice", "sleepy"}
    ),
)
scene.mark(
    "read",
    "Alice has hung up",
    "Alice's client has read bye and hung up. Her handler ends; Sleepy's still waits.",
    lambda now: now.task == "handler of alice" and now.ended == "done",
    claims=lambda now: now.kept("sleepy") > 0 and not now.end_of("handler of sleepy"),
)
scene.mark(
    "abort",
    "Time is up: abort",
    "The deadline has passed: the server aborts, and what it kept for Sleepy is lost.",
    lambda now: now.task == "server07" and now.ran("transport.abort()"),
    claims=lambda now: now.time > 4 and now.waits == "wait",
    look="client.writer.transport.abort()",
)
print(scene.as_json())
