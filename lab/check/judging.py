"""Puts a server to one behaviour."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lab import behaviours
from lab.behaviours import Behaviour
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.check.causes import causes_in
from lab.check.program import CannotStart
from lab.check.report import Result, last_complaint, result
from lab.check.subjects import REPLY, Subject
from lab.host import Running, settings_of
from lab.simulation import lacking
from lab.story import Step
from lab.unmet import Unmet

AGAIN = "a server that can be started again"


def wanted(step: Step, *, only: str = "", alone: bool = False) -> list[Behaviour]:
    """Return the behaviours for a server at this step.

    ``alone`` leaves out those of the steps before; ``only`` names one. Raises
    LookupError if there is none of that name.
    """
    if only:
        return [behaviours.find(only)]
    kept = [b for b in behaviours.every() if behaviours.holds(b, step)]
    return [b for b in kept if not alone or b.since == step.name]


async def judged(
    subject: Subject, behaviour: Behaviour, step: Step | None = None
) -> Result:
    """Put a server to one behaviour, in the loop that runs."""
    if behaviour.of_framing and subject.framing() is None:
        return result(behaviour, missing="framing")
    if behaviour.needs and behaviour.needs not in subject.has:
        return result(behaviour, missing=behaviour.needs)
    if (
        step is not None
        and settings_of(step, behaviour.settings)
        and not subject.settable
    ):
        return result(behaviour, missing="limits")
    try:
        async with benched(subject, behaviour, REPLY) as bench:
            unmet = await tried(behaviour, bench, subject.most)
    except CannotStart as error:
        if without := lacking():
            return result(behaviour, missing=f"the simulation has no {without}")
        return result(behaviour, Unmet(AGAIN, f"{error}"))
    if unmet is not None and (without := lacking()):
        return result(behaviour, missing=f"the simulation has no {without}")
    if not isinstance(bench, Bench):
        return result(behaviour, unmet)
    if unmet is not None and (others := bench.server.in_the_way()):
        return result(behaviour, missing=others)
    return explained(subject, behaviour, unmet, bench.server)


def explained(
    subject: Subject, behaviour: Behaviour, unmet: Unmet | None, server: Running
) -> Result:
    """Return the result of a behaviour, with the server's complaints.

    Where that names lines of the learner's own code, they are the causes; of what is
    kept, too: what is raised there harms nothing.
    """
    gc.collect()  # some Pythons complain of a failed task when it is collected
    causes = causes_in(str(server.errors), subject.is_own)
    complaint = last_complaint(server).removeprefix(": ")
    if unmet is not None and complaint and not causes:
        words = f"{unmet.got}; its last complaint was: {complaint}"
        unmet = Unmet(unmet.expected, words)
    return result(behaviour, unmet, causes=causes)


@asynccontextmanager
async def benched(
    subject: Subject, behaviour: Behaviour, timeout: float
) -> AsyncIterator[Bench | Framing]:
    """Put the subject on the bench that the behaviour needs.

    That is the two functions between bytes and messages, or the server, started with
    its limits out of the way of the behaviour, and stopped afterwards. Whatever
    ``subject`` raises is passed on.
    """
    if behaviour.of_framing:
        framing = subject.framing()
        assert framing is not None, "a subject without one is not judged"
        yield framing
        return
    server = await subject.start(behaviour.settings)
    async with Bench(server, timeout=timeout) as bench:
        yield bench


async def tried(
    behaviour: Behaviour, bench: Bench | Framing, most: float
) -> Unmet | None:
    """Run one behaviour; it ends whatever the server does, and says what was wrong."""
    try:
        async with asyncio.timeout(most):
            await behaviour.run(bench)
    except Unmet as unmet:
        return unmet
    except TimeoutError:
        return Unmet("an end", f"no result within {most:g} s")
    except Exception as error:  # an answer so strange that the behaviour stumbles
        return Unmet("answers as docs/protocol.rst has them", repr(error))
    return None
