"""Draws a short story in which a dead connection stops step 05."""

from lab import search

SEED = 9  # the story of this one is the shortest of the first dozen seeds

found = search.search("05", [SEED], fault=["dead"]).found
assert found is not None, "a crowd that step 05 does not survive"
print(found.story().svg())
