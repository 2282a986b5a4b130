"""Others who talk faster than they may, while two talk."""

import pytest

from . import cases


@pytest.mark.parametrize("fault", cases.of("floods"))
def test_the_two_do_not_notice(stage, fault):
    stage.play(fault)
