"""Each wrong version fails the one behaviour that it is named for, and no other."""

import gc
import warnings

import pytest
from test_staircase import OF_FRAMING, OF_SERVERS, skip_what_cannot_be_judged_here

from lab import behaviours
from lab.behaviours import SIMULATED, holds
from lab.behaviours.s07_goodbye import AT_MOST
from lab.host import start_process
from lab.judge import put, put_in_simulation
from lab.notyet import NotYet
from lab.staircase import IMPATIENT, PATIENT
from lab.twins import twins

TRIES = 6


def impatience(twin):
    """Return how many seconds to wait for what the twin has not."""
    # Some talk first, and are ended by a signal: that takes a process its time.
    return AT_MOST if behaviours.find(twin.breaks).needs == "exit" else IMPATIENT


def of(kind):
    """Return the twins of one kind of step."""
    return [twin for twin in twins() if twin.of.kind == kind]


def broken(kind):
    """Return a test for each twin, which has to fail."""
    return [
        pytest.param(
            twin,
            behaviours.find(twin.breaks),
            id=f"{twin.step.name}-{twin.breaks}",
            marks=pytest.mark.xfail(strict=True, raises=NotYet, reason=twin.sentence),
        )
        for twin in of(kind)
    ]


def kept(kind):
    """Return a test for each twin and each behaviour that it has left."""
    return [
        pytest.param(twin, behaviour, id=f"{twin.step.name}-{behaviour.name}")
        for twin in of(kind)
        for behaviour in (OF_FRAMING if kind == "utils" else OF_SERVERS)
        if holds(behaviour, twin.of) and behaviour.name != twin.breaks
    ]


@pytest.mark.parametrize(("twin", "behaviour"), broken("server"))
async def test_a_server_breaks_it(twin, behaviour):
    skip_what_cannot_be_judged_here(behaviour)
    # A process, since a twin may well not be able to stop; but some behaviours have to
    # see what no process shows: the clock, and what is written.
    begin = None if behaviour.needs in SIMULATED else start_process
    # Who loses a race does not lose it every time.
    for _ in range(TRIES if behaviour.needs == "exit" else 1):
        await put(behaviour, twin.step, impatience(twin), begin)


# In the simulation: nothing is left to chance there, and there are many of them.
@pytest.mark.parametrize(("twin", "behaviour"), kept("server"))
def test_a_server_keeps_all_the_others(twin, behaviour):
    leaves_connections_open = twin.breaks == "the_server_hangs_up_on_who_has_finished"
    with warnings.catch_warnings():
        if leaves_connections_open:  # asyncio says so, too, when it finds them
            warnings.simplefilter("ignore", ResourceWarning)
        put_in_simulation(behaviour, twin.step, PATIENT)
        if leaves_connections_open:
            gc.collect()


@pytest.mark.parametrize(("twin", "behaviour"), broken("utils"))
async def test_a_framing_breaks_it(twin, behaviour):
    await put(behaviour, twin.step, impatience(twin))


@pytest.mark.parametrize(("twin", "behaviour"), kept("utils"))
async def test_a_framing_keeps_all_the_others(twin, behaviour):
    await put(behaviour, twin.step, PATIENT)


@pytest.mark.parametrize("twin", twins(), ids=lambda twin: twin.step.name)
def test_a_twin_breaks_a_behaviour_that_its_step_has(twin):
    candidates = [b for b in OF_SERVERS + OF_FRAMING if holds(b, twin.of)]
    assert twin.breaks in [behaviour.name for behaviour in candidates]
