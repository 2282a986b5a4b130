"""Step 03: the server understands what a message asks for."""

from lab.behaviours import since
from lab.behaviours.bench import Bench


@since(
    3,
    until=4,
    needs="output",
    hint="print the action and its fields, with !r: connect: 'alice'",
)
async def requests_are_printed(bench: Bench) -> None:
    """The server prints each of the four requests."""
    alice = await bench.client("alice")
    await bench.prints("connect: 'alice'")
    await alice.send({"action": "joinroom", "room": "tea"})
    await bench.prints("joinroom: 'tea'")
    await alice.say("tea", "hello")
    await bench.prints("chat: 'hello' in 'tea'")
    await alice.send({"action": "leaveroom", "room": "tea"})
    await bench.prints("leaveroom: 'tea'")


@since(
    3,
    until=4,
    needs="output",
    hint="handlers.get(action) returns None for an action that you do not know",
)
async def an_unknown_action_is_passed_over(bench: Bench) -> None:
    """A message with an unknown action, or with none, does not block the next."""
    alice = await bench.client("alice")
    await alice.send({"action": "dance"})
    await alice.send({})
    await alice.send({"action": "joinroom", "room": "tea"})
    await bench.prints("joinroom: 'tea'")
