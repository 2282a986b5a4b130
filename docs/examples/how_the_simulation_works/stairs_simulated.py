"""Runs every behaviour on every step, in the simulation."""

import time

from lab import behaviours, story
from lab.behaviours import holds
from lab.check.judge import run_in_simulation
from lab.unmet import Unmet

begin, runs, surprises = time.perf_counter(), 0, 0
for behaviour in behaviours.every():
    for step in story.steps_of("server"):
        try:
            run_in_simulation(behaviour, step, timeout=10.0)
            kept = True
        except Unmet:
            kept = False
        runs += 1
        if kept != holds(behaviour, step):
            surprises += 1
            print(f"unexpected: {behaviour.name} on {step.name}")
took = time.perf_counter() - begin
print(f"{runs:,} runs in {took:.1f} s; unexpected results: {surprises}")
