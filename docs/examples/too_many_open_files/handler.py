"""A callback fails: where the error goes, without an exception handler and with one.

The default handler writes to the log.
"""

import asyncio
import logging
import sys
from typing import Any

from lab import simulation


def mine(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print the error that the loop reports."""
    print("my handler got:", repr(context["exception"]))


async def main() -> None:
    """Let a callback fail twice."""
    loop = asyncio.get_running_loop()
    loop.call_soon(int, "first")
    await asyncio.sleep(1)
    loop.set_exception_handler(mine)
    loop.call_soon(int, "second")
    await asyncio.sleep(1)


logging.basicConfig(stream=sys.stdout, format="in the log: %(message)s", force=True)
simulation.run(main())
