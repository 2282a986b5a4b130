"""The networks on which the simulation tries a behaviour.

A server's end is tried on two, because each shows what the other hides: bytes that
are unread when a connection is closed, and bytes that clients sent before
they could know of the end.
"""

from lab import simulation
from lab.behaviours import Behaviour
from lab.check.findings import looking_on
from lab.check.judging import judged
from lab.check.report import Result, result
from lab.check.subjects import Subject
from lab.network import Faults
from lab.simulation import Spinning, Stuck
from lab.unmet import Unmet

AT_ONCE = Faults()
ON_ITS_WAY = Faults(latency=0.02)  # seconds in each direction


def networks_for(behaviour: Behaviour) -> tuple[Faults, ...]:
    """Return the networks on which a behaviour must hold."""
    return (AT_ONCE, ON_ITS_WAY) if behaviour.needs == "exit" else (AT_ONCE,)


def judged_on_networks(subject: Subject, behaviour: Behaviour) -> Result:
    """Put a server to one behaviour, in a simulation of its own for each network.

    The first verdict that is not *kept* is the answer. Nothing more is judged once the
    server held up the loop, if a watcher sees that.
    """
    if why := looking_on.over():
        return result(behaviour, missing=why)
    for faults in networks_for(behaviour):
        try:
            verdict = simulation.run(judged(subject, behaviour), faults=faults)
        except (Stuck, Spinning) as error:
            if why := looking_on.over():
                return result(behaviour, missing=why)
            unmet = Unmet("a loop that goes on", str(error).partition("; waiting")[0])
            verdict = result(behaviour, unmet)
        looking_on.judged(behaviour)
        if verdict.verdict != "kept":
            break
    return verdict
