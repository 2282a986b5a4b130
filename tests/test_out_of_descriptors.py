"""Out of descriptors, since server12: it serves on, and lets others in afterwards."""

import asyncio
import contextlib
import sys

import pytest
from hostile import figures

from lab import story
from lab.client import Connection, connect
from lab.host import start_process

NEWEST = story.steps_of("server")[-1]
PATIENT = 15.0  # seconds: a busy machine is no failure
LITTLE = 0.1  # seconds of the processor: one message after the other, and nothing else
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prlimit")


async def comes_in(server, name):
    client = await server.connect(name)
    await client.join("tea")
    return client


class Scarce:
    """Lets a process have only a few more descriptors than it has."""

    def __init__(self, pid, more):
        self.pid, self.more = pid, more

    def __enter__(self):
        import resource  # Windows has none

        self.before = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        soft = figures.descriptors(self.pid) + self.more
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (soft, self.before[1]))

    def __exit__(self, *_):
        import resource

        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.before)


@on_linux
async def test_out_of_descriptors_it_serves_on_complains_once_and_lets_in_again():
    async with await start_process(NEWEST) as server:
        alice, bob = [await comes_in(server, name) for name in ("alice", "bob")]
        with Scarce(server.process.pid, 3):
            calls = [await Connection.open(server) for _ in range(10)]
            await server.prints("No file descriptor is left", PATIENT)
            before = figures.processor(server.process.pid)
            for number in range(15):  # two seconds, in which it tries again
                await alice.say("tea", f"{number}")
                assert (await bob.hear("chat"))["message"] == f"{number}"
                await bob.join(f"{number}")
                await asyncio.sleep(0.12)
            assert figures.processor(server.process.pid) - before < LITTLE
            for call in calls:
                await call.close()
            heir = await connect(server, "heir", PATIENT)
            await heir.join("tea")
            await heir.close()
        complaints = [line for line in server.transcript.lines if "descriptor" in line]
        assert complaints == ["No file descriptor is left: no client can connect."]
        assert str(server.errors) == ""


@on_linux
async def test_it_can_be_stopped_when_it_is_out_of_descriptors():
    async with await start_process(NEWEST) as server:
        alice = await comes_in(server, "alice")
        with Scarce(server.process.pid, 3):
            calls = [await Connection.open(server) for _ in range(10)]
            await server.prints("No file descriptor is left", PATIENT)
            assert await server.interrupt(PATIENT) == 0
        await alice.hear("bye")
        assert str(server.errors) == ""
        for call in calls:
            await call.close()
