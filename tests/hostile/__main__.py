"""Plays every fault on a step and prints what it was like."""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Sequence

from lab import story

from . import faults
from .faults import Fault
from .scene import Played
from .stage import Stage


def main() -> int:
    """Play what is asked for; return 1 if something was not survived."""
    options = parser().parse_args()
    step = story.find(options.step) if options.step else faults.newest()
    wanted = [
        fault
        for fault in faults.every()
        if options.all or fault.is_survived_by(step)
        if not options.only or fault.name.startswith(options.only)
        if not options.group or fault.group == options.group
    ]
    print(f"{step.name}: {len(wanted)} faults on Python {sys.version.split()[0]}")
    failed = 0
    everything: list[Played] = []
    begun = time.perf_counter()
    for group, some in itertools.groupby(wanted, key=lambda fault: fault.group):
        played, broken = play(step, list(some))
        print(line(group, played))
        for fault, why in broken:
            print(f"  NOT SURVIVED {fault.name}: {fault.sentence} {why}")
        failed += len(broken)
        everything += played
    print(line("together", everything))
    print(f"{failed} not survived, in {time.perf_counter() - begun:.1f} s")
    return 1 if failed else 0


def play(step, wanted):
    """Play faults one after the other, and return how each went."""
    played, broken = [], []
    with Stage(step) as stage:
        for fault in wanted:
            begun = time.perf_counter()
            try:
                if fault.group=="shutdown": print(fault.name, stage.end(fault)); continue
                played.append(stage.play(fault))
            except Exception as error:
                broken.append((fault, f"{error!r}"[:300]))
            took = time.perf_counter() - begun
            if took > 0.5: print(f"{took:.1f} s for {fault.name}")
    return played, broken

def line(group: str, played: Sequence[Played]) -> str:
    """Return one row of the table."""
    if not played:
        return f"{group}: nothing"
    first, last = played[0], played[-1]
    return (
        f"{group:10} {len(played):4} faults {sum(p.calls for p in played):5} calls"
        f" {sum(p.sends for p in played):6} sends {sum(p.heard for p in played):6} heard"
        f" median {statistics.median(p.median for p in played):6.1f} ms"
        f" longest {max(p.longest for p in played):6.1f} ms"
        f" memory {first.before[0]:.1f} MiB, peak {max(p.peak for p in played):.1f},"
        f" after {last.after[0]:.1f}; descriptors {first.before[1]}, {last.after[1]}"
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    top.add_argument("step", nargs="?", help="such as 08, or a file; the newest step")
    top.add_argument("--group", help="of faults, such as frames")
    top.add_argument("--only", help="the fault whose name begins so")
    top.add_argument("--all", action="store_true", help="those of later steps, too")
    return top


if __name__ == "__main__":
    sys.exit(main())
