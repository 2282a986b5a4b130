"""The command line: ``python -m bench --help`` says what it can do."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench import report
from bench.cases import HEADLINE
from bench.peers import Peer, Unavailable, peer
from bench.runs import Crowd, Run, rounds
from lab.story import NoSuchStep

EPILOG = """\
  python -m bench duel 09 websockets            one against the other
  python -m bench duel 09 08 --rounds 5         with more rounds
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
    some = commands.add_parser("duel", help="some servers in the three main cases")
    some.add_argument("peers", nargs="+", help="09, 09+uvloop, websockets, ...")
    some.add_argument("--members", type=int, default=100, help="in the room (100)")
    some.add_argument("--rounds", type=int, default=3, help="of taking turns (3)")
    some.set_defaults(action=duel)
    return top


def duel(options: argparse.Namespace) -> int:
    """Measure some servers side by side, each in comparison with the last one named."""
    peers = [peer(name) for name in options.peers]
    crowd = Crowd(options.members, HEADLINE)
    runs = asyncio.run(measured(peers, [crowd], options.rounds))
    print(report.side_by_side(runs, base=peers[-1].name))
    return 0 if all(run.answer.error is None for run in runs) else 1


async def measured(
    peers: Sequence[Peer], crowds: Sequence[Crowd], number: int
) -> list[Run]:
    """Measure, and say after each run what was measured."""
    runs = []
    async for run in rounds(peers, crowds, number):
        runs.append(run)
        print(report.line(run))
    return runs


if __name__ == "__main__":
    sys.exit(main())
