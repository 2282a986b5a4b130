"""server12 and crowds: who comes in, and what is left of those who have gone."""

import asyncio
import contextlib
import os
import sys
from errno import EMFILE

import pytest

from lab import simulation
from lab.client import Connection, connect
from lab.host import start, start_process

PATIENT = 15.0  # seconds: a busy machine is no failure
FEW = {"MOST_CLIENTS": "3"}
FULL = b'"code":"full"'
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prlimit")


def in_a_simulation(act, settings=None):
    """Run it with step 12 started in a simulation."""

    async def play():
        async with await start("12", settings=settings) as server:
            await act(server)

    simulation.run(play(), until=3600)


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
        assert len(server.module.INSIDE) == 3
        await inside.pop().close()
        await inside[0].hear("leaveroom")
        await comes_in(server, "heir")
        assert len(server.module.INSIDE) == 3

    in_a_simulation(act, FEW)


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
                    next(iter(server.module.CLIENTS)).task.cancel()
            await client.hear_the_end()
            await asyncio.sleep(0.1)
            assert server.module.INSIDE == {}

    in_a_simulation(act, FEW)


def test_whoever_was_refused_is_hung_up_on_and_forgotten():
    async def act(server):
        for number in range(3):
            await comes_in(server, f"guest {number}")
        for _ in range(50):
            await is_refused(server)
        await asyncio.sleep(4)  # they do not hang up
        assert len(server.module.CLIENTS) == 3
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


def test_a_client_without_an_address_can_come_in(monkeypatch):
    async def act(server):
        writer_class = asyncio.StreamWriter
        original = writer_class.get_extra_info
        monkeypatch.setattr(
            writer_class,
            "get_extra_info",
            lambda self, name, default=None: (
                None if name == "peername" else original(self, name, default)
            ),
        )
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
        assert {*server.module.ROOMS} == {"tea", "milk"}

    in_a_simulation(act, {"MOST_ROOMS": "2"})


# Out of descriptors.


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Scarce:
    """Lets a process have only a few more descriptors than it has."""

    def __init__(self, pid, more):
        self.pid, self.more = pid, more

    def __enter__(self):
        import resource  # Windows has none

        self.before = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        soft = descriptors(self.pid) + self.more
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (soft, self.before[1]))

    def __exit__(self, *_):
        import resource

        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.before)


@on_linux
async def test_out_of_descriptors_it_serves_on_complains_once_and_lets_in_again():
    async with await start_process("12") as server:
        alice, bob = [await comes_in(server, name) for name in ("alice", "bob")]
        with Scarce(server.process.pid, 3):
            calls = [await Connection.open(server) for _ in range(10)]
            await server.prints("No descriptor is left", PATIENT)
            for number in range(15):  # two seconds, in which it tries again
                await alice.say("tea", f"{number}")
                assert (await bob.hear("chat"))["message"] == f"{number}"
                await bob.join(f"{number}")
                await asyncio.sleep(0.12)
            for call in calls:
                await call.close()
            heir = await connect(server, "heir", PATIENT)
            await heir.join("tea")
            await heir.close()
        complaints = [line for line in server.transcript.lines if "descriptor" in line]
        assert complaints == ["No descriptor is left: nobody can come in."]
        assert str(server.errors) == ""


@on_linux
async def test_it_can_be_stopped_when_it_is_out_of_descriptors():
    async with await start_process("12") as server:
        alice = await comes_in(server, "alice")
        with Scarce(server.process.pid, 3):
            calls = [await Connection.open(server) for _ in range(10)]
            await server.prints("No descriptor is left", PATIENT)
            assert await server.interrupt(PATIENT) == 0
        await alice.hear("bye")
        assert str(server.errors) == ""
        for call in calls:
            await call.close()


def test_that_nobody_can_come_in_is_said_once_a_minute(caplog):
    async def act(server):
        complaints = server.module.Complaints()
        loop = asyncio.get_running_loop()
        out = {"message": "out of system resource", "exception": OSError(EMFILE, "")}
        for _ in range(150):
            complaints(loop, out)
            await asyncio.sleep(1)
        said = [line for line in server.transcript.lines if "descriptor" in line]
        assert len(said) == 3
        complaints(loop, {"message": "Exception in callback _start_serving(...)"})

    in_a_simulation(act)
    assert caplog.records == []


def test_what_else_the_loop_complains_of_is_still_reported(caplog):
    async def act(server):
        complaints = server.module.Complaints()
        loop = asyncio.get_running_loop()
        complaints(loop, {"message": "something is wrong"})

    in_a_simulation(act)
    assert [record.message for record in caplog.records] == ["something is wrong"]
