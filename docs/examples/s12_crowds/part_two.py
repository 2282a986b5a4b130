"""What the steps of Part II survive, each beside the one before it.

For each fault, a search brings about random crowds.
"""

from itertools import pairwise

from lab import search, story
from lab.search.faults import FAULTS
from lab.story import Step

SEEDS, MANY = range(200), range(10)  # until a step falls; what the next one survives
LINE = "late"  # the other thing that goes wrong in each of them


def main() -> None:
    """Bring about each fault, and at last all of them together."""
    servers = story.steps_of("server")
    for before, step in pairwise(servers[4:]):
        for fault in (t for t in FAULTS if t.since == step.name):
            print(f"{step.number} {fault.sentence}")
            falls = searched(before, SEEDS, fault.name, step)
            stands = searched(step, MANY, fault.name, step)
            print(f"   step {before.number} {falls}, step {step.number} {stands}")
    everything = search.search(servers[-1], MANY, smaller=False)
    print(f"\nAll of it together: step {servers[-1].number} {what_became(everything)}")


def searched(step: Step, seeds: range, fault: str, like: Step) -> str:
    """Put a step to crowds with this fault, and to what another one promises."""
    names = [LINE, fault]
    found = search.search(step, seeds, fault=names, like=like, smaller=False)
    return what_became(found)


def what_became(searched: search.Searched) -> str:
    """Return it in a few words."""
    if searched.found is None:
        return f"survives {searched.seeds} crowds"
    return f"falls in crowd {searched.seeds}"


if __name__ == "__main__":
    main()
