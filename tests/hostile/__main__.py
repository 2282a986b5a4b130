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
    print(*broken, sep="\n", end="")
    return 1 if broken else 0


Play = tuple[str, str, Callable[[Stage], object]]  # a group, a sentence, what to play


def wanted(step: story.Step, options: argparse.Namespace) -> Iterator[Play]:
    """Yield what is to be played, group by group."""
    for fault in faults.every():
        if options.all or fault.is_survived_by(step):
            play = partial(Stage.end if fault.ends else Stage.play, fault=fault)
            if fault.name.startswith(options.only) and options.group in fault.group:
                yield fault.group, f"{fault.name}: {fault.sentence}", play
    for name, test in inspect.getmembers(test_random, inspect.isfunction):
        if options.all or faults.holds("server08", step):
            if name.startswith(("test_", options.only)) and options.group in "random":
                yield "random", name, test


def troubles(stage: Stage, plays: Iterator[Play]) -> Iterator[str]:
    """Play one after the other, and yield what was not survived."""
    for _, sentence, play in plays:
        try:
            play(stage)
        except Exception as error:  # whatever it is: the next is played all the same
            yield f"NOT SURVIVED  {sentence} {f'{error!r}'[:SHOWN]}\n"
