"""Lets step 01 tick for an hour of virtual time."""

import time

from lab import simulation
from lab.story import STEPS

begin = time.perf_counter()
ended = simulation.run_file(STEPS / "server01.py", ctrl_c_at=3600.5)
took = time.perf_counter() - begin

print(*ended.output.splitlines()[-2:], sep="\n")
print(f"Virtual time: {ended.time:.1f} s; wall-clock time: {took:.2f} s")
assert took < ended.time / 60, "an hour took more than a minute"
