"""A function fails that nobody waits for: who is told, without a handler and with one.

The loop's own way is to write to the log.
"""

import asyncio
import logging
import sys
from typing import Any

from lab import simulation


def mine(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Take a complaint of the loop."""
    print("told to mine:", repr(context["exception"]))


async def main() -> None:
    """Let a function fail twice."""
    loop = asyncio.get_running_loop()
    loop.call_soon(int, "first")
    await asyncio.sleep(1)
    loop.set_exception_handler(mine)
    loop.call_soon(int, "second")
    await asyncio.sleep(1)


logging.basicConfig(stream=sys.stdout, format="in the log: %(message)s", force=True)
simulation.run(main())
