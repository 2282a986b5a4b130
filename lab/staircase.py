"""Every behaviour on every server step: the picture of the whole course, from a run."""

import asyncio

from lab import behaviours, story
from lab.behaviours import Behaviour
from lab.judge import put
from lab.notyet import NotYet
from lab.story import Step

PATIENT = 10.0  # seconds, where an answer has to come: a busy machine is no failure
IMPATIENT = 0.25  # seconds, where none can come: the steps below a behaviour are silent
AT_ONCE = 4  # behaviours that run at the same time: most of them only wait


async def kept(behaviour: Behaviour, step: Step) -> bool:
    """Put a step to a behaviour, and return whether it kept it."""
    patience = PATIENT if behaviours.holds(behaviour, step) else IMPATIENT
    try:
        await put(behaviour, step, patience)
    except NotYet:
        return False
    return True


async def run() -> dict[tuple[str, str], bool]:
    """Return, for each behaviour and step, whether the run bears out what is stated."""
    free = asyncio.Semaphore(AT_ONCE)

    async def borne_out(behaviour: Behaviour, step: Step) -> bool:
        async with free:
            return await kept(behaviour, step) == behaviours.holds(behaviour, step)

    async with asyncio.TaskGroup() as tasks:
        running = {
            (behaviour.name, step.name): tasks.create_task(borne_out(behaviour, step))
            for behaviour in behaviours.every()
            for step in story.steps_of("server")
        }
    return {cell: task.result() for cell, task in running.items()}
