"""What every test gets: nothing that a test started may outlive it."""

import asyncio
import gc
import itertools
import signal

import pytest
import pytest_asyncio

from lab import parsing

# In debug mode asyncio notes from where each call came; nobody reads ten frames of it,
# and to note them takes more time than all that is tested.
asyncio.constants.DEBUG_STACK_DEPTH = 1

# A job in the background of a script is started with Ctrl-C switched off, and would
# hand that on to every step that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What lives on is looked at no more after so many tests, or each would take longer.
OFTEN = 50
tests = itertools.count(1)


# What takes longest begins first, so that no worker is left alone with it at the end.
# (pytest-xdist would go by the number of tests in a file.)
LONGEST = (
    "test_book.py",
    "test_pyodide.py",
    "test_make.py",
    "test_search.py",
    "test_staircase.py",
    "test_checker.py",
    "test_broken_twins.py",
    "hostile/",
    "test_lab_host.py",
    "test_nets.py",
)


def pytest_addoption(parser):
    """Let everything be run, and not only what a change needs."""
    words = "run the long tests, too: what the others find as well, or what takes long"
    parser.addoption("--all", action="store_true", help=words)


def pytest_collection_modifyitems(config, items):
    """Leave out the long tests, unless asked for them, and put the longest first.

    The order within a file stays as it is.
    """
    if not config.getoption("--all"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)

    def place(item):
        found = [n for n, name in enumerate(LONGEST) if name in item.nodeid]
        return min(found, default=len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish():
    """Let the collector look at what the tests make, not at all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Describe briefly what was expected to fail, for nobody reads it.

    A description that fails itself must not end the run: that would hide all that has
    failed before, and nothing that comes after would be tried.
    """
    if call.excinfo is not None and item.get_closest_marker("xfail"):
        call.excinfo.value.__cause__ = call.excinfo.value.__context__ = None
        call.excinfo.traceback = call.excinfo.traceback[-1:]
    try:
        with parsing.nothing_collected():
            return (yield)
    except Exception as error:
        if call.excinfo is None:
            raise
        return undescribed(item, call, error)


def undescribed(item, call, error):
    """Return the report of a failure that could not be described."""
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome="failed",
        longrepr=f"{call.excinfo.exconly()}\nIt cannot be described: {error!r}",
        when=call.when,
        start=call.start,
        stop=call.stop,
        duration=call.duration,
    )


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
    # What the kernel has said already reaches its transport in the next turns: on a
    # busy machine a client that has gone may still be news to the server.
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()  # an unclosed transport complains here, inside the test that left it
    if not next(tests) % OFTEN:
        gc.freeze()
