"""Runs an example beside a step that listens where it does unless told otherwise.

A reader starts the step, leaves it running, and then runs the example in a second
terminal or in the next cell. Here both run in one simulation, so the port is never in
use by anybody else.

    python docs/_ext/beside.py 05 docs.examples.s05_delivery.visit
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab import simulation, start  # noqa: E402  # ours: the path had to be set first
from lab.story import ADDRESS  # noqa: E402  # the same


async def visit(step: str, example: str) -> None:
    """Start the step, and run the example's ``main`` while it is there."""
    async with await start(step, port=int(ADDRESS["port"])):
        await importlib.import_module(example).main()


if __name__ == "__main__":
    simulation.run(visit(*sys.argv[1:]))
