"""A process that is really stopped, and goes on: whom it lets go, since server10."""

import asyncio
import signal
import sys

import pytest

from lab import story
from lab.host import start_process

NEWEST = story.steps_of("server")[-1]
PATIENT = 15.0  # seconds: a busy machine is no failure
STOPPED = 2.5  # seconds
QUICK = {"utils03.TICK": "0.05", "utils03.LATE": "0.5"}  # seconds


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no process")
async def test_a_process_that_was_stopped_asks_again_before_it_lets_anybody_go():
    async with await start_process(NEWEST, settings=QUICK) as server:
        silent = await server.connect("silent", PATIENT)
        silent.answers = False
        await silent.hear("ping")
        server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(STOPPED)  # longer than it has for an answer
        server.process.send_signal(signal.SIGCONT)
        assert (await silent.hear())["action"] == "ping"
        assert (await silent.hear())["code"] == "silent"
        await silent.hear_the_end()
        assert str(server.errors) == ""
