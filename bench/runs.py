"""Runs: a server, a generator, a job; and rounds in which the servers take turns."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bench.cases import Experiment, Load
from bench.job import Answer, Job
from bench.packing import packable
from bench.peers import Peer
from bench.peers.peer import GENERATOR_CPU
from bench.process import on_cpu
from lab.check import CannotStart
from lab.story import ROOT

MAX_SECONDS = 120.0  # seconds for one job, whatever the server does


@packable
@dataclass(frozen=True)
class Run:
    """One server under one load, in one round, and what came of it."""

    experiment: str
    peer: str
    round: int
    load: Load
    answer: Answer


async def rounds(experiment: Experiment, peers: Sequence[Peer]) -> AsyncIterator[Run]:
    """Measure every server under every load of an experiment, taking turns.

    What disturbs the machine for a while disturbs all of them. Every second round goes
    through them backwards, so that nobody always follows the same one.
    """
    for each in range(experiment.rounds):
        for load in experiment.loads:
            for peer in peers if each % 2 == 0 else reversed(peers):
                answer = await run(peer, load)
                yield Run(experiment.name, peer.name, each, load, answer)


async def run(peer: Peer, load: Load) -> Answer:
    """Start a server, let the generator do its job, and end both.

    A server that has complained of an error gets no figures, however well it did.
    """
    try:
        async with peer.running() as program:
            host, port = program.address
            answer = await generate(
                Job(host, port, program.process.pid, peer.wire, **vars(load))
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
        async with asyncio.timeout(MAX_SECONDS):
            out, errors = await process.communicate(job.to_json().encode() + b"\n")
    except TimeoutError:
        return Answer(error=f"not done within {MAX_SECONDS:g} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the generator failed:\n{errors.decode()}")
    return Answer.from_json(out.decode())
