"""Put one mistake to the behaviours, in the simulation, and then to random crowds.

Another mistake can be named:
``python -m docs.examples.how_to_test_a_server.two_nets lists_everybody``.
"""

import sys

from lab.mistakes import detectors, twins


def main() -> None:
    """Let each of the two say what it finds."""
    name, known = (
        (*sys.argv[1:], "drops_too_soon")[0],
        {m.name: m for m in twins.mistakes()},
    )
    if name not in known:
        sys.exit(f"no mistake is called {name}; there are {', '.join(known)}")
    mistake = known[name]
    print(f"{mistake.name}: {mistake.sentence}")
    print("behaviours:", detectors.simulated(mistake.step, mistake.of))
    print("search:", detectors.searched(mistake.step, mistake.of))


if __name__ == "__main__":
    main()
