"""What starts a step and ends it again, in the running loop or as a process."""

import asyncio
import contextlib
import errno
import socket
import sys
import time

import pytest

from lab import story
from lab.host import TIMEOUT, settings_of, start, start_process
from lab.story import ROOT
from lab.unmet import Unmet
from lab.wire import encode

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure
IMPATIENT = 0.05  # seconds for what cannot happen
BOUND = 8.0  # seconds for what has to end in bounded time, whatever happens

LISTENING = [step for step in story.steps() if step.kind == "server" and step.listens]

# Where waiting for those who do not hang up is not the point, nobody waits for long.
SOON = {"GOODBYE": "0.3"}

of_each_server = pytest.mark.parametrize("step", LISTENING, ids=lambda step: step.name)


def written(folder, text):
    file = folder / "mine.py"
    file.write_text(text)
    return str(file)


# In the running loop.


async def test_a_step_that_is_started_twice_shares_nothing():
    async with await start("05") as one, await start("05") as other:
        assert one.address != other.address
        alice, bob = await one.connect("alice"), await other.connect("bob")
        await alice.join("tea")
        assert (await bob.join("tea"))["members"] == ["bob"]
        assert list(one.state.rooms) == list(other.state.rooms) == ["tea"]
        assert one.state.rooms is not other.state.rooms


async def test_a_step_that_was_stopped_leaves_no_module_behind():
    before = set(sys.modules)
    async with await start("04") as server:
        assert server.module.__name__ in sys.modules
    assert {name for name in set(sys.modules) - before if "server04" in name} == set()


async def test_a_setting_holds_for_one_run():
    async with await start("01", settings={"TICK": "0.001"}) as fast:
        await fast.prints("tick 10", PATIENT)
        async with await start("01") as slow:
            assert (fast.module.TICK, slow.module.TICK) == (0.001, 1.0)


@pytest.mark.parametrize(
    "settings",
    [{"TOCK": "1"}, {"TICK": "often"}, {"TICK": "[]"}, {"asyncio": "1"}, {"main": "1"}],
    ids=str,
)
async def test_a_setting_that_does_not_fit_is_refused(settings):
    with pytest.raises(ValueError, match=r"setting|takes a value"):
        await start("01", settings=settings)


def test_of_settings_a_step_has_those_that_stand_in_its_files(tmp_path):
    wanted = {name: "1" for name in ("RATE", "MAX_ERRORS", "utils03.TICK", "os.sep")}
    assert list(settings_of(story.find("09"), wanted)) == ["MAX_ERRORS"]
    assert list(settings_of(story.find("10"), wanted)) == ["MAX_ERRORS", "utils03.TICK"]
    assert list(settings_of(story.find("11"), wanted)) == list(wanted)[:-1]
    mine = written(tmp_path, "import os\nRATE: int = 1\ndef f():\n    MAX_ERRORS = 2\n")
    assert list(settings_of(story.find(mine), wanted)) == ["RATE"]


async def test_a_port_in_use_is_an_oserror():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=str(port)) as raised:
            await start("05", port=port)
        assert raised.value.errno == errno.EADDRINUSE
        with pytest.raises(OSError, match="in use"):
            await start_process("05", port=port)


async def test_a_step_that_does_not_listen_cannot_be_called():
    async with await start("01") as server:
        with pytest.raises(Unmet, match="which does not listen"):
            await server.call()


async def test_a_main_that_ends_at_once_is_an_oserror(tmp_path):
    mine = written(tmp_path, "async def main(port): pass\n")
    with pytest.raises(OSError, match="mine ended at once"):
        await start(mine)


async def test_what_main_raises_is_raised(tmp_path):
    mine = written(tmp_path, "async def main(port): raise LookupError('mine')\n")
    with pytest.raises(LookupError, match="mine"):
        await start(mine)


@of_each_server
async def test_stopping_is_bounded_while_a_stranger_stays(step):
    server = await start(step, settings=settings_of(step, SOON))
    _, writer = await asyncio.open_connection(*server.address)
    await server.prints("New client connected!", PATIENT)
    begun = time.monotonic()
    await server.stop()
    assert time.monotonic() - begun < BOUND
    writer.close()
    await writer.wait_closed()


async def talks_until_held_up(client):
    """Return when the server has stopped reading what the client sends."""
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.5):
                await client.say("tea", "x" * 1_000_000)


async def test_stopping_is_bounded_while_one_client_holds_up_another():
    async with await start("05") as server:
        alice = await server.connect("alice", PATIENT)
        await alice.join("tea")
        bob = await server.call()  # joins, and then reads nothing
        await bob.send(encode({"action": "connect", "username": "bob"}))
        await bob.send(encode({"action": "joinroom", "room": "tea"}))
        await alice.hear("joinroom")
        await talks_until_held_up(alice)
        begun = time.monotonic()
    assert time.monotonic() - begun < TIMEOUT  # nothing had to be given up


async def test_stopping_twice_is_no_mistake():
    server = await start("05")
    await server.connect("alice")
    await server.stop()
    await server.stop()


async def test_what_was_printed_is_given_out_once():
    async with await start("03") as server:
        assert server.printed() == "Listening on {}:{}".format(*server.address)
        await server.connect("alice")
        await server.prints("connect: 'alice'", PATIENT)
        assert server.printed() == "New client connected!\nconnect: 'alice'"
        assert server.printed() == ""


async def test_what_is_not_printed_is_not_yet():
    async with await start("03") as server:
        with pytest.raises(Unmet, match="the server to print 'hello'") as unmet:
            await server.prints("hello", IMPATIENT)
        assert "Listening on " in unmet.value.got


async def test_what_is_printed_can_be_waited_for_more_than_once():
    async with await start("02") as server:
        for times in (1, 2, 3):
            await server.call()
            await server.prints("New client connected!", PATIENT, times)
        with pytest.raises(Unmet):
            await server.prints("New client connected!", IMPATIENT, 4)


# As a process of its own.


async def test_a_file_that_dies_at_once_is_an_oserror_with_its_stderr(tmp_path):
    mine = written(tmp_path, "raise SystemExit('died of something')\n")
    with pytest.raises(OSError, match="mine ended at once: died of something"):
        await start_process(mine)


async def test_a_process_may_say_something_before_its_address(tmp_path):
    text = (ROOT / "steps" / "server02.py").read_text(encoding="utf-8")
    mine = written(
        tmp_path, text.replace("    async with", "    print(1)\n    async with")
    )
    async with await start_process(mine) as server:
        assert server.transcript.lines[0] == "1"
        await (await server.call()).close()


async def test_a_line_of_any_length_is_kept():
    long = "x" * 300_000
    async with await start_process("03") as server:
        alice = await server.connect("alice")
        await alice.say("tea", long)
        line = await server.prints("chat: ", PATIENT)
        assert line == f"chat: {long!r} in 'tea'"


async def test_a_process_that_does_not_end_is_not_yet():
    async with await start_process("02") as server:
        with pytest.raises(Unmet, match="a process that ends"):
            await server.exit_status(IMPATIENT)
        await server.call()
        await server.prints("New client connected!", PATIENT)  # still listened to


async def test_a_process_takes_settings():
    async with await start_process("01", settings={"TICK": "0.001"}) as server:
        await server.prints("tick 20", PATIENT)


@of_each_server
async def test_stopping_a_process_is_bounded_while_a_stranger_stays(step):
    server = await start_process(step, settings=settings_of(step, SOON))
    reader, writer = await asyncio.open_connection(*server.address)
    begun = time.monotonic()
    await server.stop()
    assert time.monotonic() - begun < BOUND
    assert server.process.returncode is not None
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
