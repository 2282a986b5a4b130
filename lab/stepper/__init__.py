"""Stops time: records a run in the simulation, moment by moment, to be gone through.

A *moment* is one callback that the loop runs. What is noted of it is what it changes:

- ``recorder``: who ran, from where to where, what became ready, which timers were set;
- ``lines``: the lines of the source that ran;
- ``values``: the variables that have other values now;
- ``traffic``: the bytes that a protocol wrote, and where they are;
- ``names``: what to call tasks, callbacks and connections.

``scene`` makes a scene of it, with *named moments*, which are found by what happens in
them (``moment``): their numbers differ from one Python to the next. A scene is JSON, to
be shown by the stepper of the book.
"""

from lab.stepper.moment import FROM_CLIENT, FROM_SERVER, Moment
from lab.stepper.recorder import MOST, Recorder
from lab.stepper.scene import Scene

__all__ = ["FROM_CLIENT", "FROM_SERVER", "MOST", "Moment", "Recorder", "Scene"]
