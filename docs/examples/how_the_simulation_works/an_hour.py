"""An hour passes in no time: step 01 ticks 3600 times, and nobody waits."""

import time

from lab import simulation
from lab.story import STEPS

begin = time.perf_counter()
ended = simulation.run_file(STEPS / "server01.py", ctrl_c_at=3600.5)
took = time.perf_counter() - begin

print(*ended.output.splitlines()[-2:], sep="\n")
print(f"By its own clock it ran for {ended.time:.1f} s, by ours for {took:.2f} s.")
