"""What Ctrl-C does to a program in asyncio, and what SIGTERM does."""

from lab import simulation
from lab.story import ROOT

PROGRAM = ROOT / "docs" / "examples" / "tidies_up.py"

print("Ctrl-C after 5 s:")
ended = simulation.run_file(PROGRAM, ctrl_c_at=5)
print(f"{ended.output}  exit status {ended.status} after {ended.time:g} s")

print("SIGTERM after 5 s:")
ended = simulation.run_file(PROGRAM, sigterm_at=5)
print(f"{ended.output}  exit status {ended.status} after {ended.time:g} s")
