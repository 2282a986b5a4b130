"""Each wrong version fails the one behaviour that it is named for, and no other."""

import pytest
from test_staircase import OF_FRAMING, OF_SERVERS, skip_what_cannot_be_judged_here

from lab.behaviours import SIMULATED, holds
from lab.behaviours.bench import Bench
from lab.behaviours.framing_bench import Framing
from lab.behaviours.s07_goodbye import AT_MOST
from lab.host import start_process
from lab.judge import put_in_simulation
from lab.notyet import NotYet
from lab.staircase import IMPATIENT, PATIENT
from lab.twins import twins


def cases(candidates, of_framing):
    """Return a test for each twin and each behaviour that its step has."""
    return [
        pytest.param(
            twin,
            behaviour,
            id=f"{twin.step.name}-{behaviour.name}",
            marks=pytest.mark.xfail(strict=True, raises=NotYet, reason=twin.sentence)
            if twin.breaks == behaviour.name
            else [],
        )
        for twin in twins()
        if (twin.of.kind == "utils") == of_framing
        for behaviour in candidates
        if holds(behaviour, twin.of)
    ]


# Some have to see what no process shows: the clock, and what is written.
ON_THE_WIRE = [b for b in OF_SERVERS if b.needs not in SIMULATED]
SEEN_INSIDE = [b for b in OF_SERVERS if b.needs in SIMULATED]


def patience(twin, behaviour):
    if twin.breaks != behaviour.name:
        return PATIENT
    # Some talk first, and are ended by a signal: that takes a process its time.
    return AT_MOST if behaviour.needs == "exit" else IMPATIENT


@pytest.mark.parametrize(("twin", "behaviour"), cases(ON_THE_WIRE, of_framing=False))
async def test_server(twin, behaviour):
    skip_what_cannot_be_judged_here(behaviour)
    # A process, since a twin may well not be able to stop.
    server = await start_process(twin.step)
    async with Bench(server, patience=patience(twin, behaviour)) as bench:
        await behaviour.run(bench)


@pytest.mark.parametrize(("twin", "behaviour"), cases(SEEN_INSIDE, of_framing=False))
def test_server_in_the_simulation(twin, behaviour):
    put_in_simulation(behaviour, twin.step, patience(twin, behaviour))


@pytest.mark.parametrize(("twin", "behaviour"), cases(OF_FRAMING, of_framing=True))
async def test_framing(twin, behaviour):
    await behaviour.run(Framing.of(twin.step, patience=patience(twin, behaviour)))


@pytest.mark.parametrize("twin", twins(), ids=lambda twin: twin.step.name)
def test_a_twin_breaks_a_behaviour_that_its_step_has(twin):
    candidates = [b for b in OF_SERVERS + OF_FRAMING if holds(b, twin.of)]
    assert twin.breaks in [behaviour.name for behaviour in candidates]
