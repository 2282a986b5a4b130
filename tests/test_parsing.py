"""What the lab parses is parsed, although a collection amid it may print."""

import ast
import gc
import os
import re

import pytest

from lab import parsing, story
from lab.story import ROOT

TEXTS = [step.path.read_text(encoding="utf-8") for step in story.steps()]


class Complains:
    """It parses something when it is collected, as a traceback does for its carets."""

    count = 0

    def __init__(self):
        self.itself = self  # so that only the collector finds it

    def __del__(self):
        Complains.count += 1
        ast.parse("carets + carets")


@pytest.fixture
def often():
    """Let the collector run as often as it can, and have something to find."""
    gc.collect()
    before, Complains.count = gc.get_threshold(), 0
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*before)
    gc.collect()
    assert Complains.count == len(TEXTS)


def test_what_a_collection_prints_does_not_spoil_what_is_parsed(often):
    for text in TEXTS:
        Complains()
        assert parsing.parsed(text).body


def test_the_collector_is_on_again_and_stays_off_where_it_was():
    with parsing.nothing_collected():
        assert not gc.isenabled()
        parsing.parsed("tea")
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_file_is_parsed_once_and_again_when_it_has_changed(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("first = 1")
    first = parsing.tree(file)
    assert parsing.tree(file) is first
    file.write_text("second = 2")
    os.utime(file, ns=(0, 0))  # a clock may be too coarse to tell the two apart
    assert ast.unparse(parsing.tree(file)) == "second = 2"


def test_nothing_of_ours_is_parsed_in_another_way():
    ours = [*ROOT.glob("lab/**/*.py"), *ROOT.glob("docs/_ext/**/*.py")]
    texts = {
        path: path.read_text("utf-8") for path in ours if path.name != "parsing.py"
    }
    assert len(texts) > 50
    found = re.compile(r"\bast\.(parse|literal_eval)\(|\bformat_exc|\bprint_exc")
    assert [path.name for path, text in texts.items() if found.search(text)] == [
        "cells.py"  # with nothing collected
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "cp1252"])
def test_a_file_is_read_in_the_encoding_that_it_names(encoding, tmp_path):
    mark = "" if encoding == "utf-8-sig" else f"# coding: {encoding}\n"
    text = f"{mark}NAME = '\xe9'\n"
    file = tmp_path / "mine.py"
    file.write_text(text, encoding)
    assert parsing.text(file) == text
    assert parsing.tree(file).body[0].value.value == "\xe9"
