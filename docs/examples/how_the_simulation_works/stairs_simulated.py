"""Every behaviour on every step, in the simulation."""

import time

from lab import behaviours, story
from lab.behaviours import holds
from lab.check.judge import put_in_simulation
from lab.unmet import NotYet

begin, runs, surprises = time.perf_counter(), 0, 0
for behaviour in behaviours.every():
    for step in story.steps_of("server"):
        try:
            put_in_simulation(behaviour, step, patience=10.0)
            kept = True
        except NotYet:
            kept = False
        runs += 1
        if kept != holds(behaviour, step):
            surprises += 1
            print(f"not as stated: {behaviour.name} on {step.name}")
took = time.perf_counter() - begin
print(f"{runs} runs in {took:.1f} s; not as stated: {surprises}")
