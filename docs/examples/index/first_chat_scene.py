"""Records how Cleo hears nothing more because Bob has stopped reading."""

from lab.play import Chat

with Chat("05") as chat:
    chat.do("pause", "bob")
    chat.do("much", "alice")
    chat.advance(1)
    scene = chat.scene()

scene.mark(
    "cleo-hears-nothing",
    "Cleo hears nothing",
    "Alice's handler waits for space in Bob's write buffer, so nobody reads Alice.",
    lambda now: now.task == "handler of alice" and now.waits == "StreamWriter.drain",
    claims=lambda now: now.must_wait("bob") and now.kept("cleo") == 0,
)
print(scene.as_json())
