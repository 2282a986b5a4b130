"""Names and rooms that nobody may have, tried by others while two talk."""

import pytest

from . import cases


@pytest.mark.parametrize("fault", cases.of("names"))
def test_the_two_do_not_notice(stage, fault):
    stage.play(fault)
