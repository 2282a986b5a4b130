"""What the system says about a process: its memory, and the descriptors it holds."""

import os
from pathlib import Path

PROC = Path("/proc")
MIB = 2**20

CAN_BE_READ = (PROC / "self" / "fd").is_dir()
NO_PROC = "this system has no /proc to read memory and descriptors from"


def descriptors(pid: int) -> int:
    """Return how many descriptors a process holds: files, pipes and connections."""
    return len(list((PROC / str(pid) / "fd").iterdir()))


def resident(pid: int) -> float:
    """Return how much memory of a process is in use, in MiB."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """Return the most that this has been since the peak was forgotten, in MiB."""
    return _status(pid, "VmHWM")


def processor(pid: int) -> float:
    """Return how many seconds of the processor a process has used."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Begin to look for the peak anew."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def _status(pid: int, field: str) -> float:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.removesuffix("kB")) * 1024 / MIB
    raise LookupError(f"there is no {field} in the status of process {pid}")
