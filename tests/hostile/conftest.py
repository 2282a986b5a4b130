"""What every hostile test gets: a stage, which the tests of a file share."""

import pytest

from .faults import newest
from .stage import Stage


@pytest.fixture(autouse=True)
def no_task_is_left_behind():
    """Stand in for the fixture of all other tests: the stage has a loop of its own."""


@pytest.fixture(scope="module")
def stage():
    with Stage(newest()) as stage:
        yield stage
