"""Records how step 06 waits for no client, and disconnects one that does not read."""

import asyncio

from lab import Scene, start

LONG = "x" * 200_000  # characters: six of them are more than MAX_UNSENT
WIRE = 256 * 1024  # bytes that a connection holds in one direction


async def main(scene: Scene) -> None:
    """Let Alice talk while Bob reads and Sleepy does not."""
    async with await start("06") as server:
        alice, sleepy, bob = [
            await server.connect(name) for name in ("alice", "sleepy", "bob")
        ]
        for client in (alice, sleepy, bob):
            await client.join("tea")
        await asyncio.sleep(1)
        sleepy.connection.pause()

        async def talk() -> None:
            for _ in range(8):
                await alice.say("tea", LONG)
                await asyncio.sleep(0.1)

        with scene.shown():
            await asyncio.create_task(talk(), name="alice talks")


scene = Scene("Step 06: a client is too slow", main, capacity=WIRE)
scene.mark(
    "kept",
    "The server keeps Sleepy's bytes",
    "The wire to Sleepy is full and the rest waits here; Bob's bytes are on their way.",
    lambda now: now.task == "handler of alice" and now.kept("sleepy") > 0,
    claims=lambda now: (
        now.on_the_wire("sleepy") == WIRE
        and now.waits != "StreamWriter.drain"
        and now.on_the_wire("bob") > len(LONG) / 2
    ),
)
scene.mark(
    "high",
    "Too much for drain",
    "A task that drains would wait now. This handler does not, and reads on.",
    lambda now: (
        now.task == "handler of alice"
        and now.must_wait("sleepy")
        and now.waits == "StreamReader.readexactly"
    ),
    claims=lambda now: now.kept("sleepy") > 64 * 1024,
)
scene.mark(
    "abort-slow",
    "Sleepy is disconnected",
    "More than MAX_UNSENT bytes wait for Sleepy, so the server aborts its connection.",
    lambda now: now.ran("self.writer.transport.abort()"),
    claims=lambda now: now.task == "handler of alice" and now.kept("sleepy") > 2**20,
)
scene.mark(
    "gone",
    "The others go on",
    "Sleepy's handler ends, and the rest of the room is told that it has left.",
    lambda now: now.task == "handler of sleepy" and now.ended == "done",
    claims=lambda now: {client for client, _ in now.written} == {"alice", "bob"},
)
print(scene.as_json())
