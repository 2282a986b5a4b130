"""Processes of Python that die of a warning, and what they have to complain of."""

import re
import sys

STRICT = [sys.executable, "-X", "dev", "-W", "error"]

# Debugging, asyncio tells of each callback that takes 0.1 s by the clock. On a busy
# machine any may, and the process has done nothing wrong.
_SLOW = re.compile(r"Executing <.+> took \d+\.\d{3} seconds")


def complaints(stderr):
    """Return what came on stderr, without what only says how busy the machine is."""
    lines = str(stderr).splitlines()
    return "\n".join(line for line in lines if not _SLOW.fullmatch(line))
