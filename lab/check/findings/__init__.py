"""Mistakes that are found by running a file, each with its file and its line.

A behaviour says what a server does not do. These are the mistakes of which most
behaviours show nothing: a call that stops the event loop, a task that nothing keeps, a
coroutine that nothing awaits, a cancellation that is swallowed. A file for each:

- ``blocking``: calls that are known to wait, and ``time.sleep``.
- ``holding``: callbacks that wait or compute for long, whatever they call.
- ``tasks``: who keeps the tasks.
- ``awaits``: coroutines that were never awaited.
- ``cancellation``: what a task does when it is cancelled, wherever it waits.

All of it is seen in the simulation, while the file is put to the behaviours there::

    with watching(path) as found:
        subject = Simulated(path)
        for behaviour in wanted(step):
            result = judged_on_networks(subject, behaviour)
        look_for_swallowed(subject, wanted(step))

``found`` has the findings so far; those about tasks are complete at the end. It is for
a process of its own: it stands in for ``time.sleep``, and takes the process's timer.
"""

from lab.check.findings.cancellation import look_for_swallowed
from lab.check.findings.finding import Finding, Found
from lab.check.findings.looking_on import watching

__all__ = ["Finding", "Found", "look_for_swallowed", "watching"]
