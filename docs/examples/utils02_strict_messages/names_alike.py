"""Compares names that look alike, after folded has removed some differences."""

from lab import story
from lab.host import load

folded = load(story.find("utils02")).folded

PAIRS = [
    ("alice", "Alice"),
    ("alice", "\uff21lice"),  # with a wide letter
    ("Ren\u00e9", "Rene\u0301"),  # as an accent of its own
    ("Stra\u00dfe", "STRASSE"),
    ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u0937"),  # with a joiner
    ("alice", "\u0430lice"),  # with a Cyrillic letter
]

for one, other in PAIRS:
    equal = "the same" if folded(one) == folded(other) else "not the same"
    print(f"{one} and {other} are {equal}: {folded(one)!a}, {folded(other)!a}")
