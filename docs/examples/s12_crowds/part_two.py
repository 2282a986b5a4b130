"""What the steps of Part II survive, each beside the one before it.

For each trouble, a search brings about random crowds.
"""

from itertools import pairwise

from lab import search, story
from lab.search.troubles import TROUBLES
from lab.story import Step

SEEDS, MANY = range(200), range(10)  # until a step falls; what the next one survives
LINE = "late"  # the other thing that goes wrong in each of them


def main() -> None:
    """Bring about each trouble, and at last all of them together."""
    servers = story.steps_of("server")
    for before, step in pairwise(servers[4:]):
        for trouble in (t for t in TROUBLES if t.since == step.name):
            print(f"{step.number} {trouble.sentence}")
            falls = searched(before, SEEDS, trouble.name, step)
            stands = searched(step, MANY, trouble.name, step)
            print(f"   step {before.number} {falls}, step {step.number} {stands}")
    everything = search.search(servers[-1], MANY, smaller=False)
    print(f"\nAll of it together: step {servers[-1].number} {what_became(everything)}")


def searched(step: Step, seeds: range, trouble: str, like: Step) -> str:
    """Put a step to crowds with this trouble, and to what another one promises."""
    names = [LINE, trouble]
    found = search.search(step, seeds, trouble=names, like=like, smaller=False)
    return what_became(found)


def what_became(searched: search.Searched) -> str:
    """Return it in a few words."""
    if searched.found is None:
        return f"survives {searched.seeds} crowds"
    return f"falls in crowd {searched.seeds}"


if __name__ == "__main__":
    main()
