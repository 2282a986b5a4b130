"""What the steps of Part II survive, each beside the one before it.

For each trouble, a search brings about random crowds.
"""

from itertools import pairwise

from lab import search, story
from lab.search.troubles import TROUBLES

SEEDS, MANY = range(200), range(20)  # until a step falls; what the next one survives
LINE = "late"  # the other thing that goes wrong in each of them


def main() -> None:
    """Bring about each trouble, and at last all of them together."""
    servers = story.steps_of("server")
    for before, step in pairwise(servers[4:]):
        for trouble in (t for t in TROUBLES if t.since == step.name):
            names = [LINE, trouble.name]
            options = {"trouble": names, "like": step, "smaller": False}
            falls = search.search(before, SEEDS, **options)
            stands = search.search(step, MANY, **options)
            print(f"{step.number} {trouble.sentence}")
            print(
                f"   step {before.number} {what_became(falls)}, "
                f"step {step.number} {what_became(stands)}"
            )
    everything = search.search(servers[-1], MANY, smaller=False)
    print(f"\nAll of it together: step {servers[-1].number} {what_became(everything)}")


def what_became(searched: search.Searched) -> str:
    """Return it in a few words."""
    if searched.found is None:
        return f"survives {searched.seeds} crowds"
    return f"falls in crowd {searched.seeds}"


if __name__ == "__main__":
    main()
