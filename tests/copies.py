"""Copies of all that the tests need, in which a step can be another."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.mistakes.detectors import Detection, Watch
from lab.story import ROOT, Step

COPIED = ("lab", "steps", "tests", "docs/examples", "pyproject.toml")

# What looks into the newest server, beside the behaviours: no client could see this.
FROM_INSIDE = (
    "tests/test_outbox.py",
    "tests/test_silence.py",
    "tests/test_bucket.py",
    "tests/test_crowd.py",
    "tests/hostile/test_left_over.py",
)


def copy(folder: Path) -> None:
    """Copy all that the tests of a step need into a folder."""
    unwanted = shutil.ignore_patterns("__pycache__", "browser")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=unwanted)
        else:
            shutil.copy(source, target)


def forget_later(like: Step, folder: Path) -> None:
    """Remove the steps after ``like`` from a copy: its tests look into the newest."""
    for path in (folder / "steps").glob("server*.py"):
        if path.stem[6:8] > like.number:
            path.unlink()
    for path in (folder / "lab" / "behaviours").glob("s[0-9][0-9]_*.py"):
        if path.name[1:3] > like.number:
            path.unlink()


def from_inside(step: Step, like: Step) -> Detection:
    """Put a step to the tests that look into it, in the place of the step ``like``."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(folder)
        forget_later(like, folder)
        shutil.copy(step.path, folder / "steps" / like.path.name)
        options = ("-n0", "-x", "-q", "-rf", "-p", "no:cacheprovider")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *FROM_INSIDE],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    failed = re.search(r"^FAILED \S+::(\w+)\S*(?: - (.*))?", done.stdout, re.MULTILINE)
    tried = sum(int(n) for n in re.findall(r"(\d+) (?:passed|failed)", done.stdout))
    if done.returncode and not failed:
        raise RuntimeError(done.stdout + done.stderr)
    by, got = (failed[1], failed[2] or "") if failed else ("", "")
    return Detection(by, got, tried, *watch.times())
