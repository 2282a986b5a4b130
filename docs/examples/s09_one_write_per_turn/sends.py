"""Counts how often steps 08 and 09 call send for the same messages."""

from docs.examples.s09_one_write_per_turn.sends_08 import HEAD, LOADS, row

for step in ("08", "09"):
    print(HEAD.replace(" " * 7, f"step {step}", 1))
    for load in LOADS:
        print(row(load[0], step, *load[1:]))
