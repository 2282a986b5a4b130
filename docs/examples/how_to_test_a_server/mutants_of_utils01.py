"""Put every mutant of utils01 to the behaviours of framing, and name the survivors."""

from lab import story
from lab.mistakes import detectors
from lab.mistakes.mutants import mutants
from lab.mistakes.planted import written


def main() -> None:
    """Make the mutants, try them one after the other, and count."""
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
