"""The script that counts habits of translated English counts what it should."""

import json

import pytest

from tests import english

IN_A_SENTENCE = {
    "whoever": "Whoever reads slowly waits.",
    "nobody, somebody, everybody, anybody": "Nobody reads this.",
    "what ... as a noun": "What is written stays here.",
    "those who, the one who, the others": "It serves those who wait.",
    "to do X is to do Y": "To stop it is to cancel main.",
    "is to be": "It is to be called.",
    "is no X": "It is no server.",
    ", for = because": "It waits, for the buffer is full.",
    "stands, lies": "The line stands above it.",
    "so many, so much": "There are so many messages.",
    "of ours, of its own": "It has a task of its own.",
    "the X of the Y": "This is the end of the stream.",
    "anew, for ever, mend, bear ...": "It waits for ever.",
    "comma, and + verb": "It reads, and waits.",
    "present perfect": "It has read everything.",
    "you": "You read a frame.",
    "you, we": "We read a frame.",
    "contractions": "It doesn't wait.",
}
GOOD = "The server closes the connection because the buffer is full."


@pytest.mark.parametrize("habit", english.HABITS, ids=lambda habit: habit.name)
def test_a_habit_is_seen(habit):
    assert habit.hits([IN_A_SENTENCE[habit.name]]) == 1
    assert habit.hits([GOOD]) == 0


PAGE = """\
.. meta::
   :description: Nobody reads this.

A title that nobody counts
==========================

:File: nobody

One sentence with ``code`` and a :doc:`link <nowhere>`. And
another one.

.. output:: nobody.py
   :expect: nobody

.. code-block:: text

   Nobody counts this.

term
   What it means.

#. An item.

.. note::
   Inside.
"""


def test_a_page_is_read_as_a_reader_reads_it():
    assert english.of_rst(PAGE) == [
        "One sentence with «code» and a link.",
        "And another one.",
        "What it means.",
        "An item.",
        "Inside.",
    ]


def test_a_notebook_is_read_without_its_code():
    text = {"cell_type": "markdown", "source": ["# Title\n", "\n", "Read. Then run.\n"]}
    code = {"cell_type": "code", "source": ["# Nobody counts this.\n"]}
    page = json.dumps({"cells": [text, code]})
    assert english.of_notebook(page) == ["Read.", "Then run."]


def test_a_markdown_file_is_read_without_its_code_and_tables():
    text = "# Title\n\nOne.\nTwo.\n\n```\nNobody.\n```\n\n| a | b |\n"
    text += "\n1. Three.\n2. Four.\n"
    assert english.of_markdown(text) == ["One.", "Two.", "Three.", "Four."]


def test_docstrings_and_the_words_of_the_checker_are_read():
    text = 'def f():\n    """Do it. Then stop."""\n    print("a b c d e", "no")\n'
    assert english.of_python(text) == ["Do it.", "Then stop."]
    assert english.of_python(text, strings=True)[2:] == ["a b c d e"]


def test_a_limit_is_missed_by_too_many_or_by_too_few():
    most = english.Habit("most", "x", 100.0)
    assert most.is_missed(["x", *["a"] * 8])
    assert not most.is_missed(["x", *["a"] * 9])
    least = english.Habit("least", "x", 100.0, most=False)
    assert least.is_missed(["x", *["a"] * 10])
    assert not least.is_missed(["x", *["a"] * 9])


def test_on_a_page_a_single_hit_is_no_habit():
    most = english.Habit("most", "x", 1.0)
    assert not most.is_missed(["x"], 2.0)
    assert most.is_missed(["x", "x"], 2.0)
