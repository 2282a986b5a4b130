"""Step 13: the server can exist twice."""

import json

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect
from lab.client import Client
from lab.unmet import Unmet


@since(
    13,
    needs="another",
    hint="keep names and rooms in an object that main makes, not in the module",
)
async def each_server_has_its_own_names_and_rooms(bench: Bench) -> None:
    """Two servers in one process share no names and no rooms."""
    async with await bench.another() as other:
        (here,) = await bench.clients("alice", room="tea")
        there = await other.client("alice")
        await there.send({"action": "joinroom", "room": "tea"})
        answer = await there.hear()
        if answer.get("members") != ["alice"]:
            raise Unmet('an answer with "members": ["alice"]', json.dumps(answer))
        (bob,) = await bench.clients("bob", room="tea")
        await bob.say("tea", "hello")
        expect((await here.hear("chat")).get("message"), "hello", "she receives")
        await there.join("milk")  # whatever was on its way to her has come by now
        heard = {message.get("from") for message in there.heard}
        expect(heard, {"alice"}, "the senders heard on the other server")


@since(
    13,
    needs="another",
    hint="say goodbye to the clients of this server, not to those of the module",
)
async def stopping_one_server_leaves_the_other_alone(bench: Bench) -> None:
    """When one of two servers in a process stops, the other keeps its clients."""
    other = await bench.another()
    async with other:
        (alice,) = await bench.clients("alice", room="tea")
        (zoe,) = await other.clients("zoe", room="milk")
        await other.stops()
        await zoe.hear("bye")
        await zoe.hear_the_end()
        await _is_served(alice)


async def _is_served(client: Client) -> None:
    """Raise Unmet if the client got a goodbye, or gets no answer."""
    if any(message.get("action") == "bye" for message in client.heard):
        raise Unmet(f"no goodbye to {client.name}", "bye")
    await client.join("another room")
