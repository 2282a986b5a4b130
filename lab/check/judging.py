"""Puts a server to the behaviours, one after the other."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lab import behaviours
from lab.behaviours import SIMULATED, Behaviour
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.check.program import CannotStart, start_lab
from lab.check.report import Result, last_complaint, result
from lab.check.subjects import MAX_SECONDS, REPLY, PythonFile, Subject
from lab.host import settings_of
from lab.simulation.lacks import lacking
from lab.story import Step
from lab.unmet import Unmet


def wanted(step: Step, *, only: str = "", alone: bool = False) -> list[Behaviour]:
    """Return the behaviours that a server at this step is put to.

    ``alone`` leaves out those of the steps before; ``only`` names one. Raises
    LookupError if there is none of that name.
    """
    if only:
        return [behaviours.find(only)]
    kept = [b for b in behaviours.every() if behaviours.holds(b, step)]
    return [b for b in kept if not alone or b.since == step.name]


async def check(
    subject: Subject, candidates: Sequence[Behaviour], step: Step | None = None
) -> AsyncIterator[Result]:
    """Put a server to the behaviours, one after the other, and yield what came of it.

    ``step`` is the one that the server is at, if that is known.
    CannotStart if it cannot be started the first time; later, that is a verdict.
    """
    await (await subject.start()).stop()
    for behaviour in candidates:
        yield await judged(subject, behaviour, step)


async def judged(
    subject: Subject, behaviour: Behaviour, step: Step | None = None
) -> Result:
    """Put a server to one behaviour."""
    if behaviour.of_framing and subject.framing() is None:
        return result(behaviour, missing="framing")
    if behaviour.needs in SIMULATED and isinstance(subject, PythonFile):
        return await judged_in_simulation(subject.path, behaviour)
    if behaviour.needs and behaviour.needs not in subject.has:
        return result(behaviour, missing=behaviour.needs)
    if (
        step is not None
        and settings_of(step, behaviour.settings)
        and not subject.settable
    ):
        return result(behaviour, missing="limits that can be lifted")
    try:
        async with benched(subject, behaviour, REPLY) as bench:
            unmet = await tried(behaviour, bench, subject.most)
    except CannotStart as error:
        if without := lacking():
            return result(behaviour, missing=f"the simulation has no {without}")
        return result(
            behaviour, Unmet("a server that can be started again", f"{error}")
        )
    if unmet is not None and (without := lacking()):
        return result(behaviour, missing=f"the simulation has no {without}")
    if unmet is not None and isinstance(bench, Bench):
        if others := bench.server.in_the_way():
            return result(behaviour, missing=others)
        gc.collect()  # some Pythons complain of a failed task when it is collected
        if complaint := last_complaint(bench.server).removeprefix(": "):
            words = f"{unmet.got}; its last complaint was: {complaint}"
            unmet = Unmet(unmet.expected, words)
    return result(behaviour, unmet)


@asynccontextmanager
async def benched(
    subject: Subject, behaviour: Behaviour, timeout: float
) -> AsyncIterator[Bench | Framing]:
    """Put what is to be judged on the bench that the behaviour needs.

    That is the two functions between bytes and messages, or the server, started with
    its limits out of the way of the behaviour, and stopped afterwards. Whatever
    ``subject`` raises is passed on.
    """
    if behaviour.of_framing:
        framing = subject.framing()
        assert framing is not None, "whoever has none is not judged"
        yield framing
        return
    server = await subject.start(behaviour.settings)
    async with Bench(server, timeout=timeout) as bench:
        yield bench


async def judged_in_simulation(path: Path, behaviour: Behaviour) -> Result:
    """Put a Python file to one behaviour where its clock and its writes can be seen.

    In a process of its own: a file that never waits would hold up the checker.
    """
    words = ["lab.check.simulated", str(path), behaviour.name]
    program = await start_lab(words, path)
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await program.process.wait()
            await asyncio.wait(program._reading)
        return Result(**json.loads(program.transcript.lines[-1]))
    except TimeoutError:
        return result(behaviour, Unmet("an end", f"none within {MAX_SECONDS:g} s"))
    except (LookupError, TypeError, ValueError):  # it ended before it could tell
        words_of_it = f"a program that ends{last_complaint(program)}"
        return result(behaviour, Unmet("a server in the simulation", words_of_it))
    finally:
        await program.stop()


async def tried(
    behaviour: Behaviour, bench: Bench | Framing, most: float
) -> Unmet | None:
    """Run one behaviour; whatever the server does, this ends, with what was wrong."""
    try:
        async with asyncio.timeout(most):
            await behaviour.run(bench)
    except Unmet as unmet:
        return unmet
    except TimeoutError:
        return Unmet("an end", f"none within {most:g} s")
    except Exception as error:  # an answer so strange that the behaviour stumbles
        return Unmet("answers as docs/protocol.rst has them", repr(error))
    return None
