"""The ways to tell a room that chapter 06 compares: what the book says of each."""

from functools import cache

import pytest

from docs.examples.other_designs import (
    group_of_sends,
    queue_with_limit,
    task_for_each,
)
from docs.examples.other_designs.queue_for_each import Queued
from docs.examples.other_designs.queue_with_limit import Limited
from docs.examples.s06_slow_readers.one_sleeps import FRAME, RATE, SECONDS, play
from lab import story
from lab.host import load

ALL = RATE * SECONDS  # messages that Alice has to say
MARK = 64 * 2**10  # bytes: the high-water mark of a transport
LIMIT = load(story.find("06")).MAX_UNSENT  # bytes

DESIGNS = {
    "await each": ("05", {}),
    "a group": ("05", {"send_to": group_of_sends.send_to}),
    "a task for each": ("05", {"send_to": task_for_each.send_to}),
    "a queue for each": ("05", {"Client": Queued}),
    "a queue with a limit": ("05", {"Client": Limited}),
    "wait for none": ("06", {}),
}


@cache
def played(name):
    step, changes = DESIGNS[name]
    return play(step, **changes)


@pytest.mark.parametrize("name", ["await each", "a group"])
def test_who_waits_for_the_slow_one_keeps_little_and_is_silenced(name):
    run = played(name)
    assert run.bob < run.said < ALL
    assert MARK < run.peak <= MARK + FRAME
    assert run.gone is None
    heard = [sample.heard for sample in run.samples]
    assert heard[len(heard) // 2] == heard[-1] == run.bob


@pytest.mark.parametrize("name", ["a task for each", "a queue for each"])
def test_who_neither_waits_nor_has_a_limit_delivers_all_and_keeps_it(name):
    run = played(name)
    assert run.said == run.bob == run.cleo == ALL
    assert run.peak == run.samples[-1].waiting > ALL // 2 * FRAME
    assert run.gone is None


@pytest.mark.parametrize("name", ["a queue with a limit", "wait for none"])
def test_who_has_a_limit_delivers_all_and_drops_the_slow_one(name):
    run = played(name)
    assert run.said == run.bob == run.cleo == ALL
    most = LIMIT if name == "wait for none" else queue_with_limit.MOST * FRAME + MARK
    assert most - FRAME < run.peak <= most + FRAME
    assert run.gone is not None
    assert all(s.waiting == 0 for s in run.samples if s.time >= run.gone)


def test_an_hour_without_a_limit_takes_more_than_half_a_gigabyte():
    assert 60 * 60 * RATE * FRAME > 500_000_000


def test_the_tasks_are_none_or_one_a_message_or_one_a_client():
    tasks = {name: played(name).tasks for name in DESIGNS}
    assert tasks["await each"] == tasks["wait for none"] == 0
    assert tasks["a group"] == 1
    assert tasks["a task for each"] > ALL // 2
    assert (tasks["a queue for each"], tasks["a queue with a limit"]) == (4, 3)


def test_a_run_can_be_had_again():
    assert play("06") == played("wait for none")
