"""Counts how many seeds the search needs to catch each planted bug up to step 05."""

from lab import search, story
from lab.mistakes.twins import twins

SEEDS = range(100)

print(f"{'':28}{'seeds':>5}  the broken invariant")
for twin in twins():
    of_utils = twin.of.name == "utils01"
    if not of_utils and twin.of.name not in story.up_to(story.find("05")):
        continue
    step = story.find("05") if of_utils else twin.step
    result = search.search(
        step,
        SEEDS,
        like=step if of_utils else twin.of,
        utils=twin.step.path if of_utils else None,
        smaller=False,
    )
    broken = result.found.invariant if result.found else "nothing: it is never caught"
    print(f"{twin.name:28}{result.seeds:5}  {broken}")
for fault in ("stalled", "dead"):
    result = search.search("05", SEEDS, fault=["late", fault], smaller=False)
    broken = result.found.invariant if result.found else "nothing"
    print(f"{f'server05, a client {fault}':28}{result.seeds:5}  {broken}")
