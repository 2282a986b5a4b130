"""The command line: ``python -m bench --help`` says what it can do."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import plan, report, results
from bench.cases import EXPERIMENTS, Experiment, brief
from bench.peers import Unavailable, available, everybody, peer
from lab.story import ROOT, NoSuchStep

RESULTS = ROOT / "build" / "bench" / "results.json"

EPILOG = """\
  python -m bench                                 everything: about ten minutes
  python -m bench --quick                         the main cases: about a minute
  python -m bench 09 06 websockets                some servers in the main cases
  python -m bench 09 websockets --about idle      memory of idle connections
  python -m bench --show results.json             what was measured before
  python -m bench --out bench/results/full.json   everything, for the chapter on speed
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    options = parser().parse_args(arguments)
    try:
        if options.show is not None:
            print(report.report(results.load(options.show), options.base))
            return 0
        return measure(options)
    except (NoSuchStep, Unavailable, OSError, ValueError) as refusal:
        print(f"bench: {refusal}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m bench",
        description="Our steps beside the servers that people would pick instead.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("peers", nargs="*", help="09, 09+uvloop, websockets, ... (all)")
    top.add_argument("--quick", action="store_true", help="the main cases, briefly")
    top.add_argument("--rounds", type=int, help="of taking turns")
    top.add_argument(
        "--about",
        action="append",
        choices=[experiment.name for experiment in EXPERIMENTS],
        help="measure this only; may be given more than once",
    )
    top.add_argument(
        "--base", default="websockets", help="whom to compare with (websockets)"
    )
    top.add_argument(
        "--out", type=Path, default=RESULTS, help="where the results go, as JSON"
    )
    top.add_argument("--show", type=Path, metavar="FILE", help="show results again")
    return top


def measure(options: argparse.Namespace) -> int:
    """Measure what was asked for, save it and show it."""
    missing: dict[str, str] = {}
    if options.peers:
        found = [peer(name) for name in options.peers]
    else:
        found, missing = available(everybody())
    experiments = chosen(options)
    for name, why in missing.items():
        print(f"{name} is left out: {why}")
    made = results.Results(
        results.now(),
        results.machine(),
        [results.About.of(one) for one in found],
        missing,
        asyncio.run(plan.measured(experiments, found, everyone=bool(options.peers))),
    )
    made.save(options.out)
    print(f"\n{report.report(made, options.base)}")
    print(f"\nThe results are in {options.out}")
    return 1 if report.failures(made) else 0


def chosen(options: argparse.Namespace) -> list[Experiment]:
    """Return what is to be measured, and how often."""
    if options.about:
        experiments = [e for e in EXPERIMENTS if e.name in options.about]
    elif options.quick:
        experiments = [brief()]
    else:
        experiments = list(EXPERIMENTS[:1] if options.peers else EXPERIMENTS)
    if options.rounds is not None:
        experiments = [replace(e, rounds=options.rounds) for e in experiments]
    return experiments


if __name__ == "__main__":
    sys.exit(main())
