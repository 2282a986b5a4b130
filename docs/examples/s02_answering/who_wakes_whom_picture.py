"""Draws which task runs, which waits, and which wakes another."""

from docs.examples.s02_answering.who_wakes_whom import SLOW, recorded
from lab import simulation

print(simulation.run(recorded(), faults=SLOW).svg())
