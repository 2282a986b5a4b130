"""Which faults each step of Part II survives, beside the step before it.

For each fault, a search makes random crowds.
"""

from itertools import pairwise

from lab import search, story
from lab.search.faults import FAULTS
from lab.story import Step

SEEDS, MANY = range(200), range(10)  # until a step fails; for the step after it
LINE = "late"  # the other thing that goes wrong in each of them


def main() -> None:
    """Try each fault, and finally all of them together."""
    servers = story.steps_of("server")
    for before, step in pairwise(servers[4:]):
        for fault in (t for t in FAULTS if t.since == step.name):
            print(f"{step.number} {fault.sentence}")
            before_it = searched(before, SEEDS, fault.name, step)
            after_it = searched(step, MANY, fault.name, step)
            print(f"   step {before.number} {before_it}, step {step.number} {after_it}")
    everything = search.search(servers[-1], MANY, smaller=False)
    print(f"\nAll of it together: step {servers[-1].number} {in_words(everything)}")


def searched(step: Step, seeds: range, fault: str, like: Step) -> str:
    """Try a step with this fault, against another step's promises."""
    names = [LINE, fault]
    found = search.search(step, seeds, fault=names, like=like, smaller=False)
    return in_words(found)


def in_words(searched: search.Searched) -> str:
    """Return it in a few words."""
    if searched.found is None:
        return f"survives {searched.seeds} crowds"
    return f"fails in crowd {searched.seeds}"


if __name__ == "__main__":
    main()
