"""Runs: a server, a generator, a job; and rounds in which the servers take turns."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bench.job import Answer, Job, Phase
from bench.peers import Peer
from bench.peers.peer import GENERATOR_CPU
from bench.process import on_cpu
from lab.check import CannotStart
from lab.story import ROOT

MOST = 120.0  # seconds for one job, whatever the server does


@dataclass(frozen=True)
class Crowd:
    """Who is there while it is measured, and how much they say at a time."""

    members: int
    phases: tuple[Phase, ...]
    rooms: int = 1
    text: int = 40


@dataclass(frozen=True)
class Run:
    """One server under one crowd, in one round, and what came of it."""

    peer: str
    round: int
    crowd: Crowd
    answer: Answer


async def rounds(
    peers: Sequence[Peer], crowds: Sequence[Crowd], number: int
) -> AsyncIterator[Run]:
    """Measure every server with every crowd, so many times, taking turns.

    What disturbs the machine for a while disturbs all of them. Every second round goes
    through them backwards, so that nobody always follows the same one.
    """
    for each in range(number):
        for peer in peers if each % 2 == 0 else reversed(peers):
            for crowd in crowds:
                yield Run(peer.name, each, crowd, await run(peer, crowd))


async def run(peer: Peer, crowd: Crowd) -> Answer:
    """Start a server, let the generator do its job, and end both.

    A server that has complained of an error gets no figures, however well it did.
    """
    try:
        async with peer.running() as program:
            host, port = program.address
            pid = program.process.pid
            answer = await generate(
                Job(
                    host,
                    port,
                    pid,
                    peer.wire,
                    crowd.members,
                    crowd.rooms,
                    crowd.text,
                    crowd.phases,
                )
            )
            complaints = peer.complaints(str(program.errors))
    except CannotStart as error:
        return Answer(error=f"it cannot be started: {error}")
    if complaints and answer.error is None:
        return Answer(error=f"it complained: {complaints[-1]}")
    return answer


async def generate(job: Job) -> Answer:
    """Let a generator in a process of its own do a job."""
    with on_cpu(GENERATOR_CPU):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.generator",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=ROOT,
        )
    try:
        async with asyncio.timeout(MOST):
            out, errors = await process.communicate(job.to_json().encode() + b"\n")
    except TimeoutError:
        return Answer(error=f"not done within {MOST:g} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the generator failed:\n{errors.decode()}")
    return Answer.from_json(out.decode())
