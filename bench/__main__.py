"""The command line: ``python -m bench --help`` says what it can do."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench import report
from bench.cases import EXPERIMENTS, Experiment
from bench.peers import Peer, Unavailable, peer
from bench.runs import Run, rounds
from lab.story import NoSuchStep

EPILOG = """\
  python -m bench duel 09 06 websockets           in the three main cases
  python -m bench duel 09 websockets --about idle    memory of idle connections
  python -m bench duel 09 08 --rounds 7           with more rounds
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    options = parser().parse_args(arguments)
    try:
        status: int = options.action(options)
    except (NoSuchStep, Unavailable) as refusal:
        print(f"bench: {refusal}", file=sys.stderr)
        return 2
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m bench",
        description="Our steps beside the servers that people would pick instead.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="", required=True)
    some = commands.add_parser("duel", help="some servers side by side")
    some.add_argument("peers", nargs="+", help="09, 09+uvloop, websockets, ...")
    some.add_argument("--rounds", type=int, default=3, help="of taking turns (3)")
    some.add_argument(
        "--about",
        choices=[experiment.name for experiment in EXPERIMENTS],
        default="headline",
        help="what to measure (headline)",
    )
    some.set_defaults(action=duel)
    return top


def duel(options: argparse.Namespace) -> int:
    """Measure some servers side by side, each in comparison with the last one named."""
    peers = [peer(name) for name in options.peers]
    experiment = next(e for e in EXPERIMENTS if e.name == options.about)
    runs = asyncio.run(measured(experiment, peers, options.rounds))
    print(report.report(runs, base=peers[-1].name))
    return 0 if all(run.answer.error is None for run in runs) else 1


async def measured(
    experiment: Experiment, peers: Sequence[Peer], number: int
) -> list[Run]:
    """Measure, and say after each run what was measured."""
    runs = []
    async for run in rounds(experiment, peers, number):
        runs.append(run)
        print(report.line(run))
    return runs


if __name__ == "__main__":
    sys.exit(main())
