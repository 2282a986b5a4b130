"""The outbox, since server09: what has been said reaches the others, whoever fails."""

import asyncio

import pytest

from lab import simulation, story
from lab.host import start
from lab.unmet import Unmet

# The newest step repeats it from step to step; a side step has it by other means.
STEPS = [story.steps_of("server")[-1], story.find("server09_protocol")]
of_each = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)


async def in_the_room(server, *names):
    clients = [await server.connect(name) for name in names]
    for client in clients:
        await client.join("tea")
    return clients


def failing_for(name, write):
    """Return a replacement for ``Client.write`` that fails for this client."""

    def fails(client, frame):
        if client.name == name:
            raise OSError("no buffer space available")
        write(client, frame)

    return fails


@of_each
@pytest.mark.parametrize("victim", ["bob", "cleo", "dora"])
def test_an_exception_while_flushing_silences_nobody(step, victim, monkeypatch):
    async def act():
        async with await start(step) as server:
            alice, *others = await in_the_room(server, "alice", "bob", "cleo", "dora")
            cls = server.module.Client
            monkeypatch.setattr(cls, "write", failing_for(victim, cls.write))
            for text in ("one", "two"):
                await alice.say("tea", text)
            for client in others:
                if client.name == victim:
                    await client.hear_the_end()
                    continue
                heard = [(await client.hear("chat"))["message"] for _ in range(2)]
                assert heard == ["one", "two"]
            assert (await alice.hear("leaveroom"))["from"] == victim
            # And the error is not hidden: the loop's exception handler gets it.
            assert "OSError: no buffer space available" in str(server.errors)

    simulation.run(act())


@of_each
def test_what_cannot_be_written_to_is_broken_off(step, monkeypatch):
    async def act():
        async with await start(step) as server:
            alice, bob = await in_the_room(server, "alice", "bob")
            cls = server.module.Client
            monkeypatch.setattr(cls, "write", failing_for("bob", cls.write))
            await alice.say("tea", "hello")
            with pytest.raises(Unmet):
                await bob.hear("chat")
            await asyncio.sleep(0)
            assert {client.name for client in server.state.clients} == {"alice"}

    simulation.run(act())


@of_each
def test_an_outbox_is_flushed_once_a_turn_and_then_forgotten(step):
    async def act():
        async with await start(step) as server:
            alice, bob = await in_the_room(server, "alice", "bob")
            outbox = server.state.outbox
            await alice.say("tea", "hello")
            await bob.hear("chat")
            assert (outbox.posts, outbox.size) == ([], 0)

    simulation.run(act())


@of_each
def test_a_word_after_the_last_one_does_not_break_off_what_is_still_to_be_read(step):
    async def act():
        async with await start(step) as server:
            (bob,) = await in_the_room(server, "bob")
            (client,) = server.state.clients
            long = {"action": "chat", "room": "tea", "message": "x" * 500_000}
            client.send(long)
            client.say_last({"action": "bye", "reason": "a test"})
            client.send({"action": "chat", "room": "tea", "message": "one more thing"})
            server.state.outbox.flush()
            assert await bob.hear() == long
            assert (await bob.hear())["action"] == "bye"
            await bob.hear_the_end()

    simulation.run(act())


@of_each
def test_what_has_come_in_by_the_end_of_a_turn_is_said_in_the_same_write(step):
    async def act():
        async with await start(step) as server:
            (bob,) = await in_the_room(server, "bob")
            (client,) = server.state.clients
            address = bob.connection.address
            end = asyncio.get_running_loop().network.facing(address)
            before = end.sends
            for text in ("in this turn", "in the next"):
                client.send({"action": "chat", "room": "tea", "message": text})
                await asyncio.sleep(0)
            assert (await bob.hear("chat"))["message"] == "in this turn"
            assert (await bob.hear("chat"))["message"] == "in the next"
            assert end.sends - before == 1

    simulation.run(act())
