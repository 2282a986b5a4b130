"""On which networks a behaviour is tried in the simulation: on all that it takes.

The end of a server is tried on two, for each shows what the other one hides: bytes that
nobody has read when a connection is closed, and bytes that clients have sent before
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
    """Return what the networks are like on which a behaviour has to be kept."""
    return (AT_ONCE, ON_ITS_WAY) if behaviour.needs == "exit" else (AT_ONCE,)


def judged_on_networks(subject: Subject, behaviour: Behaviour) -> Result:
    """Put a server to one behaviour, in a simulation of its own for each network.

    The first verdict that is not *kept* is the answer. Nothing more is judged once the
    server has held up the loop, while somebody watches who sees that.
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
