"""What can go wrong around a server, and from which step on it has to survive that.

A step must survive every fault that is not from a later step. Under that of the next
one it has to fail: so the faults are a staircase, as the behaviours are.
"""

from dataclasses import dataclass

from lab import story
from lab.story import Step


@dataclass(frozen=True)
class Fault:
    """One kind of fault, and the first step that survives it."""

    name: str
    sentence: str
    since: str


FAULTS = (
    Fault("late", "Bytes arrive late, by a delay that varies.", "server02"),
    Fault(
        "pieces",
        "One send arrives in several pieces, or several sends arrive as one piece.",
        "server02",
    ),
    Fault(
        "refused", "A connection is refused, and the client tries again.", "server02"
    ),
    Fault("gone", "A client disconnects without a goodbye.", "server02"),
    Fault("reset", "A connection is reset, after any byte of any frame.", "server02"),
    Fault(
        "rubbish",
        "A client sends garbage, or a message without a field, and disconnects.",
        "server02",
    ),
    Fault(
        "forged", "A client claims another client's name, or adds fields.", "server02"
    ),
    Fault(
        "stalled", "A client reads nothing for half a minute, then goes on.", "server06"
    ),
    Fault("dead", "A connection goes dead, and neither end is told.", "server06"),
    Fault("stopped", "The server is stopped while clients are connected.", "server07"),
    Fault("bad", "A client sends invalid messages among its valid ones.", "server08"),
    Fault("at_once", "A client sends hundreds of messages at once.", "server09"),
    Fault(
        "silent",
        "A client falls silent, perhaps in the middle of a frame, and stays.",
        "server10",
    ),
    Fault("flood", "A client talks faster than the others can read.", "server11"),
    Fault("crowd", "Many clients connect at once, from one address.", "server12"),
)


def survived_by(step: Step) -> list[Fault]:
    """Return what a step has to survive."""
    so_far = story.up_to(step)
    return [fault for fault in FAULTS if fault.since in so_far]


def find(name: str) -> Fault:
    """Return the fault of this name; LookupError, with the names that there are."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    names = ", ".join(fault.name for fault in FAULTS)
    raise LookupError(f"there is no fault {name!r}; there are {names}")
