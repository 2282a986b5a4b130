"""What every test gets: nothing that a test started may outlive it."""

import asyncio
import gc
import itertools
import signal

import pytest
import pytest_asyncio

# A job in the background of a script is started with Ctrl-C switched off, and would
# hand that on to every step that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What lives on is looked at no more after so many tests, or each would take longer.
OFTEN = 50
tests = itertools.count(1)


# What takes longest begins first, the site at the head of its file: nobody is to wait
# for the last file alone. (pytest-xdist would go by the number of tests in a file.)
LONGEST = (
    "test_the_built_site_is_complete_and_stands_alone",
    "test_docs.py",
    "test_notebooks.py",
    "test_search.py",
    "test_staircase.py",
    "test_checker.py",
    "test_broken_twins.py",
    "hostile/",
    "test_lab_host.py",
    "test_nets.py",
)


def pytest_collection_modifyitems(items):
    """Put the longest first; the order within a file stays as it is."""

    def place(item):
        found = [n for n, name in enumerate(LONGEST) if name in item.nodeid]
        return min(found, default=len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish():
    """Let the collector look at what the tests make, not at all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Describe briefly what was expected to fail, for nobody reads it."""
    if call.excinfo is not None and item.get_closest_marker("xfail"):
        call.excinfo.value.__cause__ = call.excinfo.value.__context__ = None
        call.excinfo.traceback = call.excinfo.traceback[-1:]


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
    if not next(tests) % OFTEN:
        gc.freeze()
