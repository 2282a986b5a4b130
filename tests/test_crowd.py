"""Crowds, since server12: who comes in, and what is left of those who have gone."""

import asyncio
from errno import EMFILE

import pytest
from this_python import is_let_go_by_a_cancelled_task

from lab import simulation, story
from lab.host import load, start

NEWEST = story.steps_of("server")[-1]
utils05 = load(story.find("utils05"))
FEW = {"MAX_CLIENTS": "3"}
FULL = b'"code":"full"'
NONE_LEFT = "No file descriptor is left: no client can connect."


def in_a_simulation(act, settings=None, **options):
    """Run it with the newest step started in a simulation with these options."""

    async def play():
        async with await start(NEWEST, settings=settings) as server:
            await act(server)

    simulation.run(play(), until=3600, **options)


async def comes_in(server, name):
    client = await server.connect(name)
    await client.join("tea")
    return client


async def is_refused(server):
    stranger = await server.call()
    assert FULL in await stranger.receive()
    return stranger


def test_there_are_never_more_inside_than_may_be():
    async def act(server):
        inside = [await comes_in(server, f"guest {n}") for n in range(3)]
        for _ in range(5):
            await is_refused(server)
        assert len(server.state.admitted) == 3
        await inside.pop().close()
        await inside[0].hear("leaveroom")
        await comes_in(server, "heir")
        assert len(server.state.admitted) == 3

    in_a_simulation(act, FEW)


def test_a_thousand_may_be_inside():
    async def act(server):
        for _ in range(1000):
            inside = await server.call()
        await is_refused(server)
        assert len(server.state.admitted) == 1000
        inside.abort()
        await asyncio.sleep(1)
        await comes_in(server, "heir")

    in_a_simulation(act, {"MAX_PER_ADDRESS": "2000"}, debug=False)


@pytest.mark.parametrize("end", ["close", "finish", "reset", "bad", "cancelled"])
def test_whoever_goes_in_whatever_way_frees_a_place(end):
    async def act(server):
        for number in range(10):
            client = await comes_in(server, f"guest {number}")
            match end:
                case "close":
                    await client.close()
                case "finish":
                    client.connection.finish()
                case "reset":
                    client.connection.reset()
                case "bad":
                    await client.connection.send(b"\xff\xff\xff")
                case "cancelled":
                    next(iter(server.state.clients)).task.cancel()
            if end == "cancelled":
                await is_let_go_by_a_cancelled_task(client)
            else:
                await client.hear_the_end()
            await asyncio.sleep(0.1)
            assert server.state.admitted == {}

    in_a_simulation(act, FEW)


def test_whoever_was_refused_is_hung_up_on_and_forgotten():
    async def act(server):
        for number in range(3):
            await comes_in(server, f"guest {number}")
        for _ in range(50):
            await is_refused(server)
        await asyncio.sleep(4)  # they do not hang up
        assert len(server.state.clients) == 3
        assert str(server.errors) == ""

    in_a_simulation(act, FEW)


def test_whoever_is_refused_is_not_waited_for_when_the_server_stops():
    async def act(server):
        for number in range(3):
            await comes_in(server, f"guest {number}")
        refused = await is_refused(server)
        server.main.cancel()
        await asyncio.wait({server.main})
        assert await refused.receive() == b""
        assert asyncio.get_running_loop().time() < 5

    in_a_simulation(act, FEW)


def test_whoever_is_refused_and_takes_nothing_is_broken_off():
    async def act(server):
        for number in range(3):
            await comes_in(server, f"guest {number}")
        _, writer = await asyncio.open_connection(*server.address)
        writer.transport.pause_reading()
        await asyncio.sleep(20)
        assert len(server.state.clients) == 3
        assert str(server.errors) == ""
        writer.transport.abort()

    in_a_simulation(act, FEW, capacity=16)  # bytes on the line: fewer than an error has


def calling_from(addresses, monkeypatch):
    """Let whoever calls come from the next of these addresses."""
    writer_class = asyncio.StreamWriter
    original = writer_class.get_extra_info

    def get_extra_info(writer, name, default=None):
        if name == "peername":
            return next(addresses)
        return original(writer, name, default)

    monkeypatch.setattr(writer_class, "get_extra_info", get_extra_info)


def test_whoever_calls_from_elsewhere_can_come_in(monkeypatch):
    async def act(server):
        here, there = [(f"192.0.2.{number}", 50000) for number in (1, 2)]
        calling_from(iter([here, there, here, there]), monkeypatch)
        for number in range(2):
            await comes_in(server, f"guest {number}")
        for _ in range(2):
            await is_refused(server)

    in_a_simulation(act, {"MAX_PER_ADDRESS": "1"})


def test_a_client_without_an_address_can_come_in(monkeypatch):
    async def act(server):
        calling_from(iter([None]), monkeypatch)
        await comes_in(server, "alice")

    in_a_simulation(act)


def test_the_room_that_one_is_in_can_be_joined_again_when_one_is_in_too_many():
    async def act(server):
        alice = await server.connect("alice")
        for room in ("tea", "milk"):
            await alice.join(room)
        await alice.send({"action": "joinroom", "room": "lemon"})
        assert (await alice.hear("error"))["code"] == "too_many_rooms"
        await alice.join("milk")
        assert {*server.state.rooms} == {"tea", "milk"}

    in_a_simulation(act, {"MAX_ROOMS": "2"})


# What the loop complains of.


def test_that_nobody_can_come_in_is_said_once_a_minute(caplog, capsys):
    async def act(_):
        said = 0
        complaints = utils05.ExceptionHandler()
        loop = asyncio.get_running_loop()
        out = {"message": "out of system resource", "exception": OSError(EMFILE, "")}
        for number in range(150):
            complaints(loop, out)
            said += capsys.readouterr().out.count(NONE_LEFT)
            assert said == 1 + number // 60
            await asyncio.sleep(1)
        complaints(loop, {"message": "Exception in callback _start_serving(...)"})

    in_a_simulation(act)
    assert caplog.records == []


def test_what_else_the_loop_complains_of_is_still_reported(caplog):
    async def act(_):
        complaints = utils05.ExceptionHandler()
        loop = asyncio.get_running_loop()
        complaints(loop, {"message": "something is wrong"})

    in_a_simulation(act)
    assert [record.message for record in caplog.records] == ["something is wrong"]
