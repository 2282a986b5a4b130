"""Payloads that are no messages, sent by others while two talk."""

import pytest

from . import cases


@pytest.mark.parametrize("fault", cases.of("texts"))
def test_the_two_do_not_notice(stage, fault):
    stage.play(fault)
