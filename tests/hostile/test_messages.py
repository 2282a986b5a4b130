"""What others send that is no message, or should not be one, while two talk."""

import pytest

from . import cases


@pytest.mark.parametrize("fault", cases.of("frames", "texts", "fields", "names"))
def test_the_two_do_not_notice(stage, fault):
    stage.play(fault)


@pytest.mark.parametrize("fault", cases.of("patience"))
def test_bad_messages_are_put_up_with_for_a_while(stage, fault):
    stage.play(fault)
