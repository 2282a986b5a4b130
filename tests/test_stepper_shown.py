"""What is shown of a scene: its picture, its files in colour, itself in a notebook."""

import asyncio
import html
import json
import re

import pytest

from lab import Scene
from lab.stepper.embedded import embedded
from lab.stepper.poster import poster
from sphinx_book import stepper


async def waits():
    await asyncio.sleep(1)  # the line to look at


async def two_tasks():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(waits(), name="first")
        tasks.create_task(waits(), name="second")


@pytest.fixture
def scene():
    """Record two tasks that sleep, and name two moments."""
    recorded = Scene("Two tasks", two_tasks)
    recorded.mark(
        "begins", "first begins", "It begins.", lambda now: now.task == "first"
    )
    recorded.mark("ends", "second ends", "It ends.", lambda now: now.ended == "done")
    return recorded


def test_the_poster_has_a_row_for_each_task_and_a_line_for_each_named_moment(scene):
    picture = poster(json.loads(scene.as_json()))
    words = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    assert set(words) == {"two_tasks", "first", "second", "network, clock", "1", "2"}
    (alternative,) = re.findall(r'aria-label="([^"]*)"', picture)
    assert alternative.endswith("Named moments: 1: first begins; 2: second ends")


def test_every_named_moment_is_a_stop_of_the_viewer_whatever_it_is():
    scene = Scene("Two tasks", two_tasks)
    before = json.loads(scene.as_json())["stops"]
    private = next(i for i in range(len(scene.moments)) if i not in before)
    scene.mark("x", "x", "x", lambda now: now.index == private)
    told = json.loads(scene.as_json())
    assert told["stops"] == sorted([*before, private])
    assert poster(told).count("<rect") == len(before) + 1


def test_the_files_keep_their_text_when_they_are_coloured(scene):
    told = json.loads(scene.as_json())
    (before,), (after,) = told["files"], stepper.coloured(told)["files"]
    shown = [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in after["h"]]
    assert shown == before["t"].rstrip("\n").split("\n")
    assert any("<b class=" in line for line in after["h"])


def test_a_notebook_shows_a_scene_with_all_that_it_needs(scene):
    shown = scene._repr_html_()
    assert "class Stepper" in shown
    assert ".st-head" in shown
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", shown)


def test_a_text_in_a_scene_does_not_end_its_element():
    shown = embedded('{"title":"</script><b>"}')
    data = re.search(r'type="application/json"[^>]*>(.*?)</script>', shown, re.S)
    assert json.loads(data[1]) == {"title": "</script><b>"}


def test_a_moment_may_say_at_which_line_to_look(scene):
    scene.mark(
        "looks",
        "look",
        "Look.",
        lambda now: now.task == "two_tasks",
        look="# the line to " + "look at",
    )
    file, line = json.loads(scene.as_json())["marks"][-1]["look"]
    text = json.loads(scene.as_json())["files"][file]["t"].splitlines()
    assert text[line - 1].strip().startswith("await asyncio.sleep(1)")


@pytest.mark.parametrize("look", ["nowhere to be found, " + "or is it", "import"])
def test_a_line_that_is_not_there_or_not_one_is_an_error(scene, look):
    with pytest.raises(LookupError, match="lines, not on one"):
        scene.mark("x", "x", "x", lambda now: now.task == "two_tasks", look=look)
