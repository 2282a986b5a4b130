"""Starts a step and ends it again: in the running loop, or as a process of its own.

``start`` is for a notebook or a test: the step runs in the loop that is running
already, and what it prints is kept instead of being lost among the cells.
``start_process`` is for what only a real process can show: signals and exit codes.

Either way the end is bounded. Cancelling the ``main`` of a step before server07 hangs
on Python 3.12 and 3.13 as long as a client is connected, so the clients go first.
"""

from lab.host.entry import main_of, run_of
from lab.host.imports import hidden, imported, own_modules
from lab.host.in_loop import InLoop, start
from lab.host.loading import load, module_replaced, set_constant, settings_of
from lab.host.process import Process, ctrl_c_for_children, start_process
from lab.host.running import CHUNK, START, TIMEOUT, Running, Transcript
from lab.host.starting import StartsItself

__all__ = [
    "CHUNK",
    "START",
    "TIMEOUT",
    "InLoop",
    "Process",
    "Running",
    "StartsItself",
    "Transcript",
    "ctrl_c_for_children",
    "hidden",
    "imported",
    "load",
    "main_of",
    "module_replaced",
    "own_modules",
    "run_of",
    "set_constant",
    "settings_of",
    "start",
    "start_process",
]
