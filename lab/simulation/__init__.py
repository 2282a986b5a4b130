"""A real event loop with a clock of its own and a network in memory.

``simulation.run(main())`` is ``asyncio.run(main())`` in a world where waiting costs
nothing. When nobody is ready to run, the clock does not tick until somebody is: it is
set to the time of the next one. So an hour of heartbeats passes in milliseconds. The
network is ``lab.network``, and what it does wrong comes from a seed: the same seed, the
same run, on the same Python. (Between two processes the order of a set of strings
differs; ``PYTHONHASHSEED=0`` makes it the same.)

Three things cannot happen in a real loop, and are said here when they do: nothing can
ever happen again (``Stuck``), the loop turns and turns and time stands still
(``Spinning``), and the process is ended by a signal that nobody handles (``Killed``).

It also runs inside a loop that runs already, a notebook's or a browser's, which stands
still meanwhile. Threads are foreign to it: work for ``to_thread`` is done at once, in
the loop's own thread. What a program asks for and cannot have, such as a subprocess, is
noted: see ``lacking``.
"""

from lab.simulation.lacks import lacking
from lab.simulation.loop import Killed, Loop, Spinning, Stuck
from lab.simulation.order import number_objects
from lab.simulation.program import Ended, run_file
from lab.simulation.running import run, simulated
from lab.simulation.watcher import Watcher

__all__ = [
    "Ended",
    "Killed",
    "Loop",
    "Spinning",
    "Stuck",
    "Watcher",
    "lacking",
    "number_objects",
    "run",
    "run_file",
    "simulated",
]
