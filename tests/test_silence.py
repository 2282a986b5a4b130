"""The watch, since server10: what fails with what, and how long it goes on."""

import asyncio
import gc
import itertools
import sys

import pytest
from this_python import is_let_go_by_a_cancelled_task

from lab import simulation, story
from lab.host import start
from lab.wire import encode

NEWEST = story.steps_of("server")[-1]
HOUR, DAY = 3600, 24 * 3600  # seconds
LONG = "x" * 30_000
CHAT = {"action": "chat", "room": "tea", "message": LONG}
SPACES = 3 + 4  # after each comma and each colon; the server sends none


def idle():
    """Return the class that counts, which all steps share that have been loaded."""
    return sys.modules["utils03"].Idle


def in_a_simulation(act):
    """Run it with the newest step started in a simulation."""

    async def play():
        async with await start(NEWEST) as server:
            await act(server)

    simulation.run(play(), until=2 * DAY)  # the watch never rests


async def in_the_room(server, *names):
    clients = [await server.connect(name) for name in names]
    for client in clients:
        await client.join("tea")
    return clients


def of(server, name):
    """Return what the server has of one client."""
    return next(c for c in server.state.clients if c.name == name)


async def watched(server, monkeypatch):
    """Return how many are looked at within a second."""
    tick, looks = idle().tick, []

    def seen(patience, *arguments):
        looks.append(patience)
        return tick(patience, *arguments)

    monkeypatch.setattr(idle(), "tick", seen)
    await asyncio.sleep(1)
    monkeypatch.setattr(idle(), "tick", tick)
    return len(looks)


# The watch over all clients, and what ends one of them.


def test_who_is_gone_is_not_watched_any_more(monkeypatch):
    async def act(server):
        alice, bob = await in_the_room(server, "alice", "bob")
        assert await watched(server, monkeypatch) == 2
        await bob.close()
        await alice.hear("leaveroom")
        assert await watched(server, monkeypatch) == 1

    in_a_simulation(act)


def test_who_is_cancelled_ends_with_its_watch_and_the_rooms_are_told(monkeypatch):
    async def act(server):
        alice, bob = await in_the_room(server, "alice", "bob")
        task = of(server, "bob").task
        task.cancel()
        assert (await alice.hear("leaveroom"))["from"] == "bob"
        await is_let_go_by_a_cancelled_task(bob)
        await asyncio.wait({task})
        assert task.cancelled()
        assert await watched(server, monkeypatch) == 1
        await alice.join("milk")

    in_a_simulation(act)


def test_when_reading_fails_only_this_client_is_let_go(monkeypatch):
    async def act(server):
        alice, bob = await in_the_room(server, "alice", "bob")
        monkeypatch.setattr(idle(), "is_whole", fails)
        task = of(server, "bob").task
        await bob.send({"action": "pong"})
        await asyncio.sleep(1)
        monkeypatch.undo()
        await asyncio.wait({task})
        await bob.hear_the_end()
        del task
        await asyncio.sleep(1)
        gc.collect()  # some Pythons complain of a failed task when it is collected
        assert "ZeroDivisionError" in str(server.errors)
        assert (await alice.hear("leaveroom"))["from"] == "bob"
        await alice.join("milk")
        assert await watched(server, monkeypatch) == 1

    in_a_simulation(act)


@pytest.mark.skipif(NEWEST.number < "13", reason="each client has a task, up to 12")
def test_when_a_look_at_a_client_fails_only_this_client_is_let_go(monkeypatch):
    async def act(server):
        alice, bob = await in_the_room(server, "alice", "bob")
        tick, his = idle().tick, of(server, "bob").idle

        def fails_for_bob(self, *arguments):
            return fails() if self is his else tick(self, *arguments)

        monkeypatch.setattr(idle(), "tick", fails_for_bob)
        await bob.hear_the_end()
        assert "ZeroDivisionError" in str(server.errors)
        assert (await alice.hear("leaveroom"))["from"] == "bob"
        monkeypatch.undo()
        await alice.join("milk")
        assert await watched(server, monkeypatch) == 1

    in_a_simulation(act)


def fails(*_):
    raise ZeroDivisionError


def test_who_is_refused_while_the_server_stops_delays_nothing():
    async def act(server):
        (alice,) = await in_the_room(server, "alice")
        alice.answers = False
        await asyncio.sleep(59)
        server.main.cancel()
        await asyncio.wait({server.main})
        assert (await alice.hear("bye"))["action"] == "bye"
        assert alice.heard[-1]["action"] == "bye"

    in_a_simulation(act)


# Whoever takes something, while others talk.


async def a_slow_one(server):
    """Return Alice, who talks, and somebody to whom more is owed than a line holds."""
    (alice,) = await in_the_room(server, "alice")
    slow = await server.call()
    await slow.send(encode({"action": "connect", "username": "slow"}))
    await slow.send(encode({"action": "joinroom", "room": "tea"}))
    await alice.hear("joinroom")
    for _ in range(10):
        await alice.say("tea", LONG)
    return alice, slow


def test_who_takes_as_much_as_comes_is_not_stuck():
    async def act(server):
        alice, slow = await a_slow_one(server)
        size = len(encode({**CHAT, "from": "alice"})) - SPACES
        for _ in range(30):
            await alice.say("tea", LONG)
            left = size
            while left:
                left -= len(await slow.receive(left))
            await asyncio.sleep(1)
        assert "leaveroom" not in [message["action"] for message in alice.heard]
        slow.abort()

    in_a_simulation(act)


def test_who_takes_nothing_while_others_talk_is_dropped():
    async def act(server):
        alice, slow = await a_slow_one(server)
        for _ in range(12):
            await alice.say("tea", "are you there?")
            await asyncio.sleep(1)
        assert (await alice.hear("leaveroom"))["from"] == "slow"
        slow.abort()

    in_a_simulation(act)


# A long time.


def test_an_hour_of_a_quiet_server():
    async def act(server):
        clients = await in_the_room(server, *(f"guest {n}" for n in range(20)))
        await asyncio.sleep(HOUR + 1)
        for client in clients:
            pings = [n.when for n in client.log if n.message == {"action": "ping"}]
            apart = [later - when for when, later in itertools.pairwise(pings)]
            assert len(pings) == HOUR // 30
            assert set(apart) == {30.0}
        await clients[0].say("tea", "still there?")
        for client in clients[1:]:
            assert (await client.hear("chat"))["message"] == "still there?"

    in_a_simulation(act)


def test_a_day_of_a_busy_server():
    async def act(server):
        alice, bob = await in_the_room(server, "alice", "bob")
        rounds = DAY // 29
        for number in range(rounds):
            await asyncio.sleep(29)
            await alice.say("tea", f"{number}")
            await bob.say("tea", f"{number}")
        await alice.join("tea")
        await bob.join("tea")
        for client in (alice, bob):
            said = [m["message"] for m in client.heard if m["action"] == "chat"]
            assert said == [f"{number}" for number in range(rounds)]
            assert not [m for m in client.heard if m["action"] == "ping"]

    in_a_simulation(act)
