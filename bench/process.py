"""What a process has used: CPU time to the nanosecond where the system tells."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CPUS = os.cpu_count() or 1
PINNED = sys.platform == "linux" and CPUS > 1


if sys.platform == "linux":

    def cpu_seconds(pid: int) -> float:
        """Return the CPU time of a process, all threads; OSError if it has ended."""
        # What clock_getcpuclockid(3) returns for a process; Python has no call for it.
        return time.clock_gettime((~pid << 3) | 2)

    def memory(pid: int) -> int:
        """Return the bytes of memory that a process has in use (its resident set)."""
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(pid: int) -> int:
        """Return how many descriptors a process has open."""
        return len(os.listdir(f"/proc/{pid}/fd"))

else:
    import psutil

    def cpu_seconds(pid: int) -> float:
        """Return the CPU time of a process, all threads."""
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)

    def memory(pid: int) -> int:
        """Return the bytes of memory that a process has in use (its resident set)."""
        return int(psutil.Process(pid).memory_info().rss)

    def descriptors(pid: int) -> int:
        """Return how many descriptors a process has open; 0 where nobody can tell."""
        process = psutil.Process(pid)
        return int(process.num_fds()) if hasattr(process, "num_fds") else 0


@contextmanager
def on_cpu(number: int) -> Iterator[None]:
    """Start what is started in the block on one core, where the system can do that.

    The servers get one, the generator another, so that a figure is that of one core.
    """
    if sys.platform != "linux" or not PINNED:
        yield
        return
    before = os.sched_getaffinity(0)
    cores = sorted(before)
    os.sched_setaffinity(0, {cores[number % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
