"""A server that is told to stop while hostile clients are there, and two who talk."""

import signal
import sys

import pytest

from . import cases

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="Windows lets nobody send Ctrl-C to a single process",
)


@pytest.mark.parametrize("fault", cases.of("shutdown"))
def test_it_says_goodbye_and_ends_in_time(stage, fault):
    stage.end(fault)


@pytest.mark.parametrize("fault", cases.of("shutdown")[:1])
def test_it_does_the_same_when_it_is_terminated(stage, fault):
    stage.end(fault, signal.SIGTERM)
