"""What every hostile test gets: a stage, which the tests of a file share."""

import pytest

from .faults import newest
from .stage import Stage


@pytest.fixture(scope="module")
def stage():
    with Stage(newest()) as stage:
        yield stage
