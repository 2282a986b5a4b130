"""A server whose output nobody reads."""

import asyncio
import contextlib
import os
import re
import sys

import pytest

from lab.client import connect
from lab.story import ROOT
from lab.unmet import Unmet

from .caller import Caller
from .faults import newest
from .pair import Place

SMALL = 4096  # bytes: the smallest pipe that Linux makes
VISITS = 160  # each has the server print a line or two: more than fit
TIMEOUT = 1.0  # seconds: the server is idle


def small_pipe():
    """Return the two ends of a pipe that is full before long."""
    import fcntl

    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, SMALL)
    return reading, writing


@contextlib.asynccontextmanager
async def unread():
    """Start the newest step, read where it listens, and nothing more."""
    reading, writing = small_pipe()
    command = [sys.executable, "-m", "lab", "run", newest().name, "--port=0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=writing, cwd=ROOT)
    os.close(writing)
    try:
        line = (await asyncio.to_thread(os.read, reading, SMALL)).decode()
        yield Place(*re.search(r"on (\S+):(\d+)", line).groups())
    finally:
        process.kill()
        await process.wait()
        os.close(reading)


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a pipe so small")
@pytest.mark.xfail(
    strict=True,
    raises=(Unmet, TimeoutError),
    reason="print waits for whoever reads: no step has promised more so far",
)
async def test_it_serves_on_though_nobody_reads_what_it_prints():
    async with unread() as server:
        for number in range(VISITS):
            (await Caller.open(f"{number}", server.address)).close()
        alice = await connect(server, "alice", TIMEOUT)
        try:
            await alice.join("tea")
        finally:
            await alice.close()
