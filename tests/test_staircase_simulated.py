"""Every behaviour on every step, where no time passes and nothing is left to chance."""

import pytest
from test_staircase import OF_SERVERS, SERVERS, stair

from lab.check.judge import run_in_simulation


@pytest.mark.parametrize(
    ("behaviour", "step", "timeout"),
    [stair(behaviour, step) for step in SERVERS for behaviour in OF_SERVERS],
)
def test_server(behaviour, step, timeout):
    run_in_simulation(behaviour, step, timeout)
