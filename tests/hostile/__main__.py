"""Plays every fault on a step, and prints what it was like for everybody else."""

import argparse
import inspect
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from lab import story

from . import faults, figures, test_random
from .scene import Ended, Played
from .stage import Stage

SHOWN = 300  # characters of what went wrong


def main() -> int:
    """Play what is asked for; return 1 if something was not survived."""
    options = parser().parse_args()
    step = story.find(options.step) if options.step else faults.newest()
    print(f"{step.name} on Python {sys.version.split()[0]}, {sys.platform}")
    if not figures.CAN_BE_READ:
        print(figures.NO_PROC)
    print(HEAD)
    begun, broken = time.perf_counter(), []
    played: list[Played] = []
    for group, plays in itertools.groupby(wanted(step, options), lambda one: one[0]):
        with Stage(step) as stage:
            broken += list(troubles(stage, plays))
        played += stage.played
        print(row(group, stage.played) + shutdown(stage.ended))
    print(row("together", played))
    print(f"{len(broken)} not survived; {time.perf_counter() - begun:.0f} s")
    for line in broken:
        print(line)
    return 1 if broken else 0


Play = tuple[str, str, Callable[[Stage], object]]  # a group, a sentence, what to play


def wanted(step: story.Step, options: argparse.Namespace) -> Iterator[Play]:
    """Yield what is to be played, group by group."""
    for fault in faults.every():
        if options.all or fault.is_survived_by(step):
            play = partial(Stage.end if fault.ends else Stage.play, fault=fault)
            if fault.name.startswith(options.only) and options.group in fault.group:
                yield fault.group, f"{fault.name}: {fault.sentence}", play
    if options.group in "random" and faults.holds("server08", step):
        for name, test in inspect.getmembers(test_random, inspect.isfunction):
            if name.startswith("test_") and options.only in name:
                yield "random", name, test


def troubles(stage: Stage, plays: Iterator[Play]) -> Iterator[str]:
    """Play one after the other, and yield what was not survived."""
    for _, sentence, play in plays:
        try:
            play(stage)
        except Exception as error:  # whatever it is: the next is played all the same
            yield f"NOT SURVIVED  {sentence} {f'{error!r}'[:SHOWN]}"


COLUMNS = (
    ("", 10),
    ("plays", 6),
    ("calls", 6),
    ("sends", 7),
    ("heard", 6),
    ("median ms", 10),
    ("longest ms", 11),
    ("MiB before", 11),
    ("at most", 8),
    ("after", 7),
    ("descriptors", 12),
    ("after", 6),
)
HEAD = "".join(name.rjust(width) for name, width in COLUMNS)


def row(group: str, played: Sequence[Played]) -> str:
    """Return one row of the table: sums, the worst, and what was left at the end."""
    if not played:
        return group.rjust(COLUMNS[0][1])
    first, last = played[0], played[-1]
    cells = (
        group,
        len(played),
        sum(one.calls for one in played),
        sum(one.sends for one in played),
        sum(one.heard for one in played),
        f"{statistics.median(one.median for one in played):.1f}",
        f"{max(one.longest for one in played):.1f}",
        f"{first.before[0]:.1f}",
        f"{max(one.peak for one in played):.1f}",
        f"{last.after[0]:.1f}",
        first.before[1],
        last.after[1],
    )
    widths = (width for _, width in COLUMNS)
    return "".join(
        str(cell).rjust(width) for cell, width in zip(cells, widths, strict=True)
    )


def shutdown(ended: Sequence[Ended]) -> str:
    """Return how long the server took to end, if it was told to."""
    if not ended:
        return ""
    seconds = [one.seconds for one in ended]
    most, median = max(seconds), statistics.median(seconds)
    return f"{len(ended):6} times to the end in {median:.2f} s, {most:.2f} at most"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    top.add_argument("step", nargs="?", help="such as 08, or a file; the newest step")
    top.add_argument("--group", default="", help="of faults, such as frames")
    top.add_argument("--only", default="", help="how the names of the faults begin")
    top.add_argument("--all", action="store_true", help="those of later steps, too")
    return top


if __name__ == "__main__":
    sys.exit(main())
