"""What every test gets: nothing that a test started may outlive it."""

import asyncio
import gc

import pytest_asyncio


@pytest_asyncio.fixture(autouse=True)
async def no_task_is_left_behind(request):
    """Fail a test that leaves a task running: somebody forgot to own it."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
    assert not left, f"tasks left behind: {left}"
    gc.collect()  # an unclosed transport complains here, inside the test that left it
