"""Each behaviour, over TCP, on its own step and on the one before: not yet.

And on the newest step and the side steps, which nobody has tried for as long. The steps
between are tried in the simulation, and here in the long tier only. What does not come
has to be waited for here, so the steps further down are put to a behaviour in
test_staircase_simulated.py only, where no time passes.
"""

import sys

import pytest
from staircase import IMPATIENT, PATIENT

from lab import behaviours, story
from lab.behaviours import SIMULATED
from lab.check.judge import run_behaviour, run_in_simulation
from lab.unmet import Unmet


def stair(behaviour, step, *marks):
    """Return the parameters of one test, marked if it is expected to fail."""
    expected = behaviours.holds(behaviour, step)
    reason = f"since {behaviour.since}, until {behaviour.until or 'now'}"
    unmet = pytest.mark.xfail(strict=True, raises=Unmet, reason=reason)
    return pytest.param(
        behaviour,
        step,
        PATIENT if expected else IMPATIENT,
        id=f"{step.name}-{behaviour.name}",
        marks=[*marks] if expected else [*marks, unmet],
    )


SERVERS = [step for step in story.steps() if step.kind in ("server", "side")]
WITH_FRAMING = [step for step in story.steps() if step.kind in ("server", "utils")]

NEWEST = story.steps_of("server")[-1]

OF_SERVERS = [b for b in behaviours.every() if not b.of_framing]
OF_FRAMING = [b for b in behaviours.every() if b.of_framing]


def is_near(behaviour, step):
    """Whether this step, the one before or the one after keeps a behaviour."""
    place = SERVERS.index(step)
    near = SERVERS[max(0, place - 1) : place + 2]
    return any(behaviours.holds(behaviour, other) for other in near)


def over_tcp(behaviour, step):
    """Return the parameters of one test over TCP, and in which tier it is."""
    first = next(n for n, other in enumerate(SERVERS) if other.name == behaviour.since)
    below = first if behaviour.needs == "exit" else max(0, first - 1)  # it may hang
    wanted = step in SERVERS[below : first + 1] or step == NEWEST
    # What breaks on a step between breaks in the simulation as well, as far as we know.
    between = [] if wanted or step.kind == "side" else [pytest.mark.long]
    return stair(behaviour, step, *between)


def skip_what_cannot_be_judged_here(behaviour):
    if behaviour.needs == "exit" and sys.platform == "win32":
        pytest.skip("Windows lets nobody send Ctrl-C to a single process")


@pytest.mark.parametrize(
    ("behaviour", "step", "timeout"),
    # What only a simulation can see is judged there, and once is enough.
    [
        over_tcp(b, step)
        for step in SERVERS
        for b in OF_SERVERS
        if is_near(b, step) and b.needs not in SIMULATED
    ],
)
async def test_server(behaviour, step, timeout):
    skip_what_cannot_be_judged_here(behaviour)
    await run_behaviour(behaviour, step, timeout)


@pytest.mark.parametrize(
    ("behaviour", "step", "timeout"),
    [stair(behaviour, step) for step in WITH_FRAMING for behaviour in OF_FRAMING],
)
def test_framing(behaviour, step, timeout):
    run_in_simulation(behaviour, step, timeout)
