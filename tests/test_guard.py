"""What the tests of this repository get from conftest.py, tried on tests that fail."""

import os
import subprocess
import sys

from lab.story import ROOT

TESTS = """
def test_one(request):
    def fails(*_):
        raise SystemError("AST constructor recursion depth mismatch")

    request.node.repr_failure = fails
    assert 1 == 2

def test_two():
    assert 3 == 4
"""


def test_a_failure_that_cannot_be_described_hides_no_other(tmp_path):
    file = tmp_path / "test_those.py"
    file.write_text(TESTS)
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", tmp_path, file],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "assert 1 == 2\nIt cannot be described: SystemError" in done.stdout
    assert "2 failed" in done.stdout
    assert "INTERNALERROR" not in done.stdout
