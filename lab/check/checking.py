"""The order in which a server is judged: the quick part first.

The simulation judges a Python file by all behaviours in less time than one process
takes to start, and only there can some of them be seen. What it keeps is judged over
TCP afterwards, side by side: a real process may still be different. A server in another
language, and one that runs already, have TCP only.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from lab.behaviours import SIMULATED, Behaviour
from lab.check import judging
from lab.check.causes import Cause
from lab.check.child import Simulation
from lab.check.program import CannotStart
from lab.check.report import Result
from lab.check.subjects import PythonFile, Subject
from lab.story import Step

Tell = Callable[[Sequence[Result]], None]


async def check(
    subject: Subject, candidates: Sequence[Behaviour], step: Step | None, tell: Tell
) -> tuple[list[Result], list[Cause]]:
    """Test a server by behaviours; return the results, and mistakes in its lines.

    ``step`` is the one that the server is at, if that is known. ``tell`` is called
    whenever more is known over TCP, with all results so far.
    CannotStart if the server cannot be started the first time; later, that is a
    verdict.
    """
    if isinstance(subject, PythonFile):
        return await _in_both(subject, candidates, step, tell)
    await _start(subject)
    return await _over_tcp(subject, candidates, step, {}, tell), []


async def _in_both(
    subject: PythonFile, candidates: Sequence[Behaviour], step: Step | None, tell: Tell
) -> tuple[list[Result], list[Cause]]:
    """Judge a file in the simulation, and over TCP unless something is wrong there."""
    simulation = Simulation()
    simulating = asyncio.create_task(simulation.run(subject.path, candidates))
    # Whether it starts as a process, too, is found out meanwhile.
    real = any(map(_is_real, candidates))
    starting = asyncio.create_task(_start(subject) if real else asyncio.sleep(0))
    try:
        await simulation.judged.wait()
        if simulation.is_clean:
            why, known = simulation.cannot_start, simulation.results
            await _has_started(starting, why)
            if why and not await _keeps_one(subject, candidates, step):
                raise CannotStart(why)
            results = await _over_tcp(subject, candidates, step, known, tell)
        else:
            results = [simulation.results[b.name] for b in candidates]
        await simulating
        return results, simulation.found
    finally:
        for task in (starting, simulating):
            task.cancel()
        await asyncio.wait({starting, simulating})


async def _start(subject: Subject) -> None:
    await (await subject.start()).stop()


async def _has_started(starting: asyncio.Future[None], why: str) -> None:
    """Wait until a server has been started; CannotStart if it cannot be.

    ``why`` is what the simulation says of that; it knows the line.
    """
    try:
        await starting
    except CannotStart as error:
        raise CannotStart(why or str(error)) from error


async def _keeps_one(
    subject: Subject, candidates: Sequence[Behaviour], step: Step | None
) -> bool:
    """Whether the first behaviour that a real process can keep is kept.

    One that fails right after it has begun to listen may look as if it had started.
    """
    for behaviour in filter(_is_real, candidates):
        verdict = (await judging.judged(subject, behaviour, step)).verdict
        if verdict != "not judged":
            return verdict == "kept"
    return True


async def _over_tcp(
    subject: Subject,
    candidates: Sequence[Behaviour],
    step: Step | None,
    known: Mapping[str, Result],
    tell: Tell,
) -> list[Result]:
    """Judge what can be judged over TCP, some at a time; ``known`` has the others."""
    places = asyncio.Semaphore(subject.at_once)

    async def judged(behaviour: Behaviour) -> Result:
        if known and not _is_real(behaviour):
            return known[behaviour.name]
        async with places:
            return await judging.judged(subject, behaviour, step)

    results: list[Result] = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(judged(behaviour)) for behaviour in candidates]
        for behaviour, task in zip(candidates, tasks, strict=True):
            verdict, before = await task, known.get(behaviour.name)
            if verdict.verdict == "not judged" and before is not None:
                verdict = before
            results.append(verdict)
            if not any(_is_doubtful(each, known) for each in results):
                tell(results)
    return await _once_more(subject, candidates, step, known, results)


async def _once_more(
    subject: Subject,
    candidates: Sequence[Behaviour],
    step: Step | None,
    known: Mapping[str, Result],
    results: list[Result],
) -> list[Result]:
    """Judge again, alone, behaviours that may have failed because two ran at a time.

    That is a server that did not start, as if its port was taken, and one that was
    too slow although the simulation, where nothing is slow, found nothing wrong.
    """
    return [
        await judging.judged(subject, behaviour, step)
        if _is_doubtful(verdict, known)
        else verdict
        for behaviour, verdict in zip(candidates, results, strict=True)
    ]


def _is_doubtful(verdict: Result, known: Mapping[str, Result]) -> bool:
    if verdict.verdict != "broken":
        return False
    before = known.get(verdict.name)
    late = " within " in verdict.got and before and before.verdict == "kept"
    return bool(late) or verdict.expected == judging.AGAIN


def _is_real(behaviour: Behaviour) -> bool:
    """Whether a real process can be judged by it."""
    return not behaviour.of_framing and behaviour.needs not in SIMULATED
