"""Runs the unit tests of framing on each mutant of utils01 and names the survivors."""

from lab import story
from lab.mistakes import detectors
from lab.mistakes.mutants import mutants
from lab.mistakes.planted import written


def main() -> None:
    """Make the mutants, test them one by one, and count."""
    framing = story.find("utils01")
    text = framing.path.read_text(encoding="utf-8")
    killed, survivors = 0, []
    for mutant in mutants(text):
        haul = detectors.units(written(framing, mutant.text), framing)
        if haul.by:
            killed += 1
        else:
            survivors.append(mutant)
    print(f"{killed} of {killed + len(survivors)} mutants killed")
    for mutant in survivors:
        print(f"survived: {mutant}")


if __name__ == "__main__":
    main()
