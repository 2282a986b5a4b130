"""Runs the behaviours on a step with one mistake, and then random crowds of clients.

You can name another mistake:
``python -m docs.examples.how_to_test_a_server.two_nets lists_everybody``.
"""

import sys

from lab.mistakes import detectors, twins


def main() -> None:
    """Let both kinds of test try it, and print what they find."""
    name, known = (
        (*sys.argv[1:], "drops_too_soon")[0],
        {m.name: m for m in twins.mistakes()},
    )
    if name not in known:
        sys.exit(f"no mistake is called {name}; there are {', '.join(known)}")
    mistake = known[name]
    print(f"{mistake.name}: {mistake.sentence}")
    print("behaviours:", said(detectors.simulated(mistake.step, mistake.of)))
    print("random search:", said(detectors.searched(mistake.step, mistake.of)))


def said(haul: detectors.Detection) -> str:
    """Return what a kind of test found."""
    cost = f"{haul.tried} tried, {haul.seconds:.1f} s of CPU time"
    found = f"caught by {haul.by}" if haul.by else "missed"
    return f"{found} ({cost})" + f"\n  {haul.got}" * bool(haul.by)


if __name__ == "__main__":
    main()
