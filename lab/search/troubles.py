"""What can go wrong around a server, and from which step on it has to survive that.

A step must survive every trouble that is not from a later step. Under that of the next
one it has to fail: so the troubles are a staircase, as the behaviours are.
"""

from dataclasses import dataclass

from lab import story
from lab.story import Step


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble, and the first step that survives it."""

    name: str
    sentence: str
    since: str


TROUBLES = (
    Trouble("late", "What is sent arrives late, now more and now less.", "server02"),
    Trouble(
        "pieces",
        "What is sent at once arrives in pieces, and what is sent in pieces at once.",
        "server02",
    ),
    Trouble("refused", "A call is refused, and the client calls again.", "server02"),
    Trouble("gone", "A client closes its connection without a word.", "server02"),
    Trouble(
        "reset", "A connection is broken off, after any byte of any frame.", "server02"
    ),
    Trouble(
        "rubbish",
        "A client sends what is no message, or one without a field, and breaks off.",
        "server02",
    ),
    Trouble("forged", "A client says that it is another, and adds fields.", "server02"),
    Trouble(
        "stalled", "A client reads nothing for half a minute, and goes on.", "server06"
    ),
    Trouble(
        "dead", "A connection goes dead, and neither of its ends is told.", "server06"
    ),
    Trouble("stopped", "The server is stopped, and its clients are there.", "server07"),
    Trouble(
        "bad", "Between its messages, a client sends some that are none.", "server08"
    ),
    Trouble("at_once", "A client sends a great many messages at once.", "server09"),
    Trouble(
        "silent",
        "A client says nothing any more, perhaps in the middle of a frame, and stays.",
        "server10",
    ),
    Trouble("flood", "A client talks faster than the others can listen.", "server11"),
)


def survived_by(step: Step) -> list[Trouble]:
    """Return what a step has to survive."""
    so_far = story.up_to(step)
    return [trouble for trouble in TROUBLES if trouble.since in so_far]


def find(name: str) -> Trouble:
    """Return the trouble of this name; LookupError, with the names that there are."""
    for trouble in TROUBLES:
        if trouble.name == name:
            return trouble
    names = ", ".join(trouble.name for trouble in TROUBLES)
    raise LookupError(f"there is no trouble {name!r}; there are {names}")
