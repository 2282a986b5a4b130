"""Ends the processes that a checked program left behind, and nothing else.

A program that has left its process group, by ``setsid`` for instance, is out of reach
when the group is ended. On Linux a process can ask to become the parent of all that its
children leave behind (a *subreaper*): then it sees them, and can end them. Elsewhere it
can only see that a port is still open.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SET_CHILD_SUBREAPER, GET_CHILD_SUBREAPER = 36, 37  # numbers of prctl
GONE = 2.0  # seconds in which all that was left has to have ended
PAUSE = 0.01  # seconds between two looks: nothing tells us of a new child

_reaping = False
_known: set[int] = set()  # children that were there before, or that have an owner
_running: set[int] = set()  # programs that have been started, and not yet ended
_starting = 0  # programs of which it is not yet known which child of ours they are
_offspring: dict[int, int] = {}  # what they have started: the process, its start time
still_open: list[int] = []  # ports that were left open, whoever has them
backgrounds: set[str] = set()  # commands that have left their server and ended


@contextmanager
def reaping() -> Iterator[None]:
    """Adopt the processes that programs started in the block leave behind.

    Other processes started in the block must stay in our session. Does nothing
    where the system cannot do it.
    """
    global _reaping
    still_open.clear()
    backgrounds.clear()
    before = _subreaper()
    if before is None or _reaping or not _set_subreaper(True):
        yield
        return
    _known.clear()
    _known.update(_children(os.getpid()))
    _reaping = True
    try:
        yield
    finally:
        _end_all(_left())  # the last ones are dead, unless something was interrupted
        _reaping = False
        _set_subreaper(before)


@contextmanager
def starting() -> Iterator[None]:
    """Start a program in the block, which ends with ``started``.

    Until then, no other check may take it for an orphan.
    """
    global _starting
    _starting += 1
    try:
        yield
    finally:
        _starting -= 1


def started(pid: int) -> None:
    """Note that a process was started that we wait for."""
    _running.add(pid)
    _known.discard(pid)  # of another process, which had the number before


def in_the_background(pid: int) -> bool:
    """Whether a program that ended left something running."""
    if _reaping:
        alone = not (_running - {pid} or _starting)
        left = {orphan for orphan in _left() if alone or _session(orphan) == pid}
        return any(not _fetched(orphan) for orphan in left)
    with suppress(OSError, AttributeError):  # there are no groups on Windows
        os.killpg(pid, 0)
        return True
    return False


def look_at(pid: int) -> None:
    """Note a program's children, before its end makes orphans of them."""
    if _reaping:
        asked = [pid]
        while asked:
            found = _children(asked.pop())
            _offspring.update({child: _born(child) for child in found})
            asked += found


async def end(pid: int) -> None:
    """End the processes that an ended program left behind."""
    _running.discard(pid)
    _known.add(pid)  # it is fetched by whoever has started it
    if not _reaping:
        return
    limit = time.monotonic() + GONE
    # What a process has started becomes ours when it is dead, and not before.
    while (_runs(pid) or _ours()) and time.monotonic() < limit:
        _kill(_ours())
        await asyncio.sleep(PAUSE)


def _ours() -> set[int]:
    """Return the orphans that no running program can have left behind."""
    left = _left()
    if not (_running or _starting):
        return left
    return {pid for pid in left if _offspring.get(pid) == _born(pid)}


def _left() -> set[int]:
    """Return the orphans that we have adopted.

    All that we start for ourselves stays in our session. A program that is checked
    begins one of its own, and nothing that it starts can come into ours.
    """
    found = set(_children(os.getpid())) - _known - _running
    return {pid for pid in found if _session(pid) not in (None, os.getsid(0))}


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _end_all(left: set[int]) -> None:
    limit = time.monotonic() + GONE
    while left and time.monotonic() < limit:
        _kill(left)
        time.sleep(PAUSE)
        left = _left()


def _kill(orphans: set[int]) -> None:
    """Kill orphans, and fetch those that are dead.

    They are our children: until we fetch them, no process gets their numbers.
    """
    for pid in orphans:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        _fetched(pid)


def _fetched(orphan: int) -> bool:
    """Fetch an orphan if it is dead, and return whether it was."""
    try:
        return os.waitpid(orphan, os.WNOHANG)[0] == orphan
    except ChildProcessError:
        return True


def _children(pid: int) -> list[int]:
    """Return the children of a process, as all of its threads have them."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def _born(pid: int) -> int:
    """Return when a process was started, in ticks since the system was; 0 if gone."""
    stat = _stat(pid)
    return int(stat[19]) if stat else 0


def _runs(pid: int) -> bool:
    """Whether a process is running, not just waiting to be fetched."""
    stat = _stat(pid)
    return bool(stat) and stat[0] not in "ZX"


def _stat(pid: int) -> list[str]:
    """Return the kernel's fields for a process, from its state on; nothing if gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def _subreaper() -> bool | None:
    """Return whether this process is a subreaper; None where there are none."""
    if sys.platform != "linux" or not Path("/proc/self/task").is_dir():
        return None
    if not Path(f"/proc/self/task/{os.getpid()}/children").is_file():
        return None  # a kernel that was built without it
    with suppress(ImportError, OSError, AttributeError):
        import ctypes  # some Pythons are built without it

        answer, libc = ctypes.c_int(), ctypes.CDLL(None)
        if libc.prctl(GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0) == 0:
            return bool(answer.value)
    return None


def _set_subreaper(on: bool) -> bool:
    import ctypes  # it is there: we have asked before

    return bool(ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, int(on), 0, 0, 0) == 0)
