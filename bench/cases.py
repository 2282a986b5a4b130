"""What is measured: the loads, and what each of them is to show."""

from dataclasses import dataclass, replace
from typing import Literal

from bench.job import Closed, Paced, Phase
from bench.packing import packable

HUNDRED = 100  # members of the room in the main cases

QUIET = Closed("quiet", publishers=1, in_flight=1)
# Python walks through all its objects now and then: a third of a second, with so many.
LONGER = replace(QUIET, seconds=3.0)
BUSY = Closed("busy", publishers=1, in_flight=32)
EIGHT = Closed("eight", publishers=1, in_flight=8)  # half a MiB of the largest
CROWD = Closed("crowd", publishers=16, in_flight=16)

TOGETHER = 50  # connections that come at once: fewer than the 100 that may wait
CONNECTIONS = 250, 1000  # idle ones, beside the first so many, which are not counted
SIZES = (40, 1024, 16_384, 65_000)  # characters; the last makes a message of 64 KiB


@packable
@dataclass(frozen=True)
class Load:
    """Who is there, in how many rooms, and how much they say at a time.

    ``members`` are those of one room, ``text`` the characters of one message.
    """

    members: int
    phases: tuple[Phase, ...]
    rooms: int = 1
    text: int = 40


@dataclass(frozen=True)
class Experiment:
    """Loads that answer one question; ``whom`` says which servers are asked it.

    These are all there are, all that do the very same job, or a few of the latter.
    """

    name: str
    question: str
    loads: tuple[Load, ...]
    whom: Literal["all", "same", "few"]
    rounds: int = 1


# A whole run takes less than ten minutes; a round of the first takes about one.
EXPERIMENTS = (
    Experiment(
        "headline",
        "What does a delivery cost in a room of 100?",
        (Load(HUNDRED, (QUIET, BUSY, CROWD)),),
        "all",
        rounds=5,
    ),
    Experiment(
        "members",
        "Does a delivery cost more in a larger room?",
        tuple(Load(members, (QUIET, BUSY)) for members in (2, 10, 100, 1000)),
        "few",
    ),
    Experiment(
        "sizes",
        "What does a larger message cost?",
        tuple(Load(10, (QUIET, EIGHT), text=text) for text in SIZES),
        "few",
    ),
    Experiment(
        "rooms",
        "Does a delivery cost more when there are more rooms, and all speak at once?",
        tuple(Load(10, (LONGER,), rooms=rooms) for rooms in (1, 10, 100, 1000)),
        "few",
    ),
    Experiment(
        "latency",
        "How long does a delivery take when 100 messages a second are said to 100?",
        (Load(HUNDRED, (Paced("latency", rate=100),)),),
        "few",
        rounds=2,
    ),
    Experiment(
        "idle",
        "What does a connection cost that says nothing, and how fast are they let in?",
        tuple(Load(10, (), rooms=(TOGETHER + many) // 10) for many in CONNECTIONS),
        "same",
        rounds=2,
    ),
    Experiment(
        "silent",
        "What do nine others get, and what does memory do, when one stops reading?",
        (Load(10, (Paced("silent", rate=1000, seconds=5, silent=1),), text=1500),),
        "same",
    ),
)


def brief() -> Experiment:
    """Return the first experiment, in less than a minute and a half."""
    first = EXPERIMENTS[0]
    phases = tuple(replace(p, seconds=0.3, warm_up=0.1) for p in (QUIET, BUSY, CROWD))
    return replace(first, loads=(Load(HUNDRED, phases),), rounds=2)
