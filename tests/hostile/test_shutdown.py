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


def named(name):
    """Return the one fault of this name."""
    return [case for case in cases.of("shutdown") if case.id == name]


@pytest.mark.parametrize("fault", named("clients_that_listen"))
def test_it_does_the_same_when_it_is_terminated(stage, fault):
    stage.end(fault, signal.SIGTERM)


@pytest.mark.parametrize("fault", named("who_never_reads"))
def test_a_second_signal_ends_it_at_once(stage, fault):
    stage.end(fault, signal.SIGINT, signal.SIGINT)
