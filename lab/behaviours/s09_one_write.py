"""Step 09: the server speaks once per turn of the loop."""

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect
from lab.wire import encode

AT_ONCE = 32  # messages that arrive together


@since(
    9,
    settings=AT_FULL_SPEED,
    needs="writes",
    hint="collect messages; loop.call_soon calls your function when this turn is over",
)
async def writes_are_batched_per_turn(bench: Bench) -> None:
    """Messages that arrive together are relayed to each member with one write."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    before = bench.writes(bob)
    said = [f"message {number}" for number in range(AT_ONCE)]
    frames = [
        encode({"action": "chat", "room": "tea", "message": text}) for text in said
    ]
    await alice.connection.send(b"".join(frames))
    heard = [(await bob.hear("chat")).get("message") for _ in said]
    expect(heard, said, "Bob receives")
    expect(
        bench.writes(bob) - before, 1, f"the number of writes for {AT_ONCE} messages"
    )
