"""Put one mistake to the behaviours, in the simulation, and then to random crowds."""

from docs.examples.mistakes import MISTAKES, STEP
from lab import nets, story


def main() -> None:
    """Let each of the two say what it finds."""
    (mistake,) = [m for m in MISTAKES if m.name == "drops_too_soon"]
    step, like = mistake.planted(), story.find(STEP)
    print(mistake.sentence)
    print("behaviours:", nets.simulated(step, like))
    print("search:", nets.searched(step, like))


if __name__ == "__main__":
    main()
