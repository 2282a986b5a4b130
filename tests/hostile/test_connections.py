"""Others who come and go strangely, do not read, fall silent, or are too many."""

import pytest

from . import cases


@pytest.mark.parametrize("fault", cases.of("life", "reading"))
def test_the_two_do_not_notice(stage, fault):
    stage.play(fault)


@pytest.mark.parametrize("fault", cases.of("silence", "floods", "crowds"))
def test_the_two_are_protected(stage, fault):
    stage.play(fault)
