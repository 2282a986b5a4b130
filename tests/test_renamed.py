"""Old names of what people type are refused, and the new one is named."""

import pytest

from lab import behaviours, renamed, story
from lab.__main__ import main
from lab.host import load


@pytest.mark.parametrize(("old", "new"), renamed.BEHAVIOURS.items())
def test_a_behaviour_has_its_new_name(old, new):
    assert behaviours.find(new)
    with pytest.raises(LookupError, match=f"{old}'; it is called {new} now"):
        behaviours.find(old)


@pytest.mark.parametrize(("old", "new"), renamed.SETTINGS.items())
def test_a_setting_has_its_new_name(old, new):
    step = story.find("utils03" if new == "TICK" else "12")
    assert load(step, {new: "5"})
    with pytest.raises(ValueError, match=f"no setting {old}; it is called {new} now"):
        load(step, {old: "5"})


@pytest.mark.parametrize(("old", "new"), renamed.OPTIONS.items())
def test_an_option_has_its_new_name(old, new, capsys):
    assert main(["search", "05", old, "dead"]) == 2
    said = capsys.readouterr().err
    assert said == f"lab: there is no option {old}; it is called {new} now\n"


def test_a_name_that_never_was_brings_those_that_are_like_it():
    with pytest.raises(LookupError, match="some are like it: chat_reaches_everyone_el"):
        behaviours.find("chat_reaches_everyone")
    with pytest.raises(LookupError, match=r"'x'; docs/staircase\.rst has all of them"):
        behaviours.find("x")
