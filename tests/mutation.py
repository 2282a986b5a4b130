"""Mutation: changes a step in one place after the other, and sees which tests notice.

``python -m tests.mutation server07`` prints which net kills how many of the mutants,
and who is left, and keeps both in docs/mutants.json. It tries the nets of ``lab.nets``,
the cheapest first, and with ``--hostile`` the hostile clients on whoever got through.
"""

import argparse
import asyncio
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import changes, host, nets, story
from lab.mistakes import written
from lab.mutants import Mutant, mutants
from lab.searching import SAME_HASHES
from lab.story import ROOT, Step

from .catches import hostile_clients

RESULTS = ROOT / "docs" / "mutants.json"
MOST = 180.0  # seconds for one mutant, on a busy machine
SEEDS = 100
TIME_OUT = "time-out"


def main() -> int:
    """Judge the mutants of what is named, print the report, and keep it."""
    options = parser().parse_args()
    step = story.find(options.step)
    left_out = {*options.without, *(() if options.hostile else ("hostile",))}
    if options.judge:
        print(json.dumps(judged(step, options.judge, left_out)))
        return 0
    begin = time.perf_counter()
    every = list(mutants(changes.source(step)))[:: options.each]
    with ThreadPoolExecutor(options.jobs) as threads:
        nets_of = list(threads.map(lambda mutant: put(step, mutant, left_out), every))
    report(step, list(zip(every, nets_of, strict=True)), time.perf_counter() - begin)
    return 0


def put(step: Step, mutant: Mutant, left_out: set[str]) -> str:
    """Judge one mutant in a process of its own; return the net that caught it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, step.path.name)
        path.write_text(mutant.text, encoding="utf-8")
        command = [sys.executable, "-m", "tests.mutation", step.name, "--judge", path]
        command += [f"--without={net}" for net in left_out]
        try:
            done = subprocess.run(
                [*command, "--hostile"],
                cwd=ROOT,
                env={**os.environ, **SAME_HASHES},
                capture_output=True,
                text=True,
                timeout=MOST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return TIME_OUT
    if done.returncode:
        return f"crash: {done.stderr.strip().splitlines()[-1]}"
    return str(json.loads(done.stdout.splitlines()[-1]))


def judged(step: Step, path: Path, left_out: set[str]) -> str:
    """Return the name of the first net that catches a mutant, empty if none does."""
    mutant = written(step, path.read_text(encoding="utf-8"))
    for name, net in tried(step, mutant):
        if name not in left_out and net().by:
            return name
    return ""


def tried(step: Step, mutant: Step) -> Iterator[tuple[str, Callable[[], nets.Haul]]]:
    """Yield the nets for a mutant, a server's or a framing's."""
    if step.kind == "utils":
        server = [s for s in story.steps_of("server") if step.name in s.imports][-1]
        yield "units", lambda: nets.units(mutant, server)
        with host.standing_in(step.name, mutant.path):
            yield "simulation", lambda: nets.simulated(server, server)
            yield "search", lambda: nets.searched(server, server, SEEDS)
        return
    yield "simulation", lambda: nets.simulated(mutant, step)
    yield "search", lambda: nets.searched(mutant, step, SEEDS)
    yield "wire", lambda: asyncio.run(nets.wire(mutant, step))
    yield "hostile", lambda: hostile_clients(mutant, step)


def report(step: Step, found: list[tuple[Mutant, str]], seconds: float) -> None:
    """Print which net caught how many, and the survivors; keep both for the book."""
    by = collections.Counter(net for _, net in found if net)
    killed = by.total()
    print(f"{step.name}: {killed} of {len(found)} mutants killed", end=" ")
    print(f"({killed / len(found):.0%}) in {seconds:.0f} s")
    for net, count in by.most_common():
        print(f"  by {net:<12}{count:4}")
    survivors = [str(mutant) for mutant, net in found if not net]
    for survivor in survivors:
        print(f"  survived: {survivor}")
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    kept[step.name] = {
        "mutants": len(found),
        "killed": dict(by.most_common()),
        "seconds": round(seconds),
        "survivors": survivors,
    }
    RESULTS.write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    top.add_argument("step", help="such as server07 or utils02")
    top.add_argument("--hostile", action="store_true", help="try hostile clients, too")
    top.add_argument("--without", action="append", default=[], metavar="NET")
    top.add_argument("--each", type=int, default=1, metavar="N", help="every Nth only")
    top.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    top.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    return top


if __name__ == "__main__":
    sys.exit(main())
