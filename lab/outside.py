"""Steps out of a loop that runs, to run something that has a loop of its own."""

import asyncio
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def outside() -> Iterator[None]:
    """Step out of the loop that runs in this thread, if one does, for a while."""
    loop = events._get_running_loop()
    if loop is None:
        yield
        return
    task = asyncio.current_task(loop)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    events._set_running_loop(None)
    try:
        yield
    finally:
        # asyncio offers these to those who write loops, and asks others to keep away.
        events._set_running_loop(loop)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)
