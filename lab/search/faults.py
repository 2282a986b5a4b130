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
    Fault("late", "What is sent arrives late, now more and now less.", "server02"),
    Fault(
        "pieces",
        "What is sent at once arrives in pieces, and what is sent in pieces at once.",
        "server02",
    ),
    Fault("refused", "A call is refused, and the client calls again.", "server02"),
    Fault("gone", "A client closes its connection without a word.", "server02"),
    Fault(
        "reset", "A connection is broken off, after any byte of any frame.", "server02"
    ),
    Fault(
        "rubbish",
        "A client sends what is no message, or one without a field, and breaks off.",
        "server02",
    ),
    Fault("forged", "A client says that it is another, and adds fields.", "server02"),
    Fault(
        "stalled", "A client reads nothing for half a minute, and goes on.", "server06"
    ),
    Fault(
        "dead", "A connection goes dead, and neither of its ends is told.", "server06"
    ),
    Fault("stopped", "The server is stopped, and its clients are there.", "server07"),
    Fault(
        "bad", "Between its messages, a client sends some that are none.", "server08"
    ),
    Fault("at_once", "A client sends a great many messages at once.", "server09"),
    Fault(
        "silent",
        "A client says nothing any more, perhaps in the middle of a frame, and stays.",
        "server10",
    ),
    Fault("flood", "A client talks faster than the others can listen.", "server11"),
    Fault("crowd", "A great many come at once, from one address.", "server12"),
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
