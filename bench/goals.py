"""What we set out to reach, in ratios of one run, and whether it was reached."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.query import LOADS, Look

FLAT = 1.5  # times: what grows by less than a half while a crowd grows a hundredfold


@dataclass(frozen=True)
class Goal:
    """A figure that is to be at least so large, or at most, and how to get it.

    ``in_the_way`` says why it may be missed; a figure in it stands in braces, as in
    ``{busy server09}``.
    """

    whose: str
    what: str
    bound: float
    measure: Callable[[Look], float]
    most: bool = False  # whether it may not be larger, rather than not smaller
    in_the_way: str = ""

    @property
    def wanted(self) -> str:
        """The bound, in words."""
        return f"{'at most' if self.most else 'at least'} {self.bound:g}"

    def kept(self, value: float) -> bool:
        """Return whether a figure is as it was wanted."""
        return value <= self.bound if self.most else value >= self.bound


def times(peer: str, load: str, other: str, bound: float, why: str = "") -> Goal:
    """Return the goal to deliver so many times as much as another for the same cost."""
    return Goal(
        peer,
        f"{load}: times {other}",
        bound,
        lambda look: look.times(load, peer, other).median,
        in_the_way=why,
    )


def memory(peer: str, bound: float) -> Goal:
    """Return the goal that an idle connection takes so few KiB."""
    what = "KiB per idle connection"

    def measure(look: Look) -> float:
        return look.figure("memory", peer).median

    return Goal(peer, what, bound, measure, most=True)


def flat(peer: str, what: str, small: int, large: int, why: str = "") -> Goal:
    """Return the goal that a delivery does not cost more where there are many."""

    def measure(look: Look) -> float:
        one, other = (f"{what} quiet {size}" for size in (small, large))
        return look.figure(other, peer).median / look.figure(one, peer).median

    words = f"quiet: cost with {large:,} {what}, times the cost with {small}"
    return Goal(peer, words, FLAT, measure, most=True, in_the_way=why)


def linear(peer: str) -> Goal:
    """Return the goal that a thousand connections take no more each than a few."""

    def measure(look: Look) -> float:
        case, place = look.find("memory")
        few = look.every(place.experiment)[0]
        if few is case:
            raise LookupError("only one number of connections was measured")
        name = look.has(few, peer)
        many = case.figure(name, place.pick).median
        return many / few.figure(name, place.pick).median

    what = "KiB per connection: with many connections, times that with few"
    return Goal(peer, what, 1.1, measure, most=True)


PROTOCOL, ON_UVLOOP = "server09_protocol", "server09_protocol+uvloop"

# Why a goal may be missed.
SENDING = (
    "one send per delivery, which no server avoids: a Python loop that only sends "
    "reaches {quiet bare-send over websockets} times"
)
PYTHON = (
    "each message is parsed, checked and built in Python, and each member has its "
    "own list; the server in C, which does none of this, reaches "
    "{busy c-writev over websockets} times"
)
LIMIT = "even the server in C only reaches {crowd c-writev over websockets} times"
NOT_C = (
    "JSON is parsed, checked and built in Python, and each member has its own list; "
    "the other server is in C and does none of this"
)
WATCHING = (
    "the later steps do more for each message: they count it and look at the clock"
)
BEATS = (
    "a task checks each client once a second: ten thousand of them leave so many "
    "objects behind that the garbage collector often walks through all memory"
)

GOALS = (
    times("server09", "quiet", "websockets", 1.3, SENDING),
    times("server09", "busy", "websockets", 20, PYTHON),
    times("server09", "crowd", "websockets", 6, LIMIT),
    times("server09", "busy", "valkey", 0.85, NOT_C),
    times(PROTOCOL, "quiet", "websockets", 1.35, SENDING),
    times(PROTOCOL, "busy", "websockets", 25, PYTHON),
    times(PROTOCOL, "crowd", "websockets", 9, LIMIT),
    times(ON_UVLOOP, "crowd", "websockets", 15, LIMIT),
    times(ON_UVLOOP, "crowd", "c-writev", 0.75, NOT_C),
    times(ON_UVLOOP, "busy", "c-writev", 0.8, NOT_C),
    times(ON_UVLOOP, "busy", "valkey", 1, NOT_C),
    memory(PROTOCOL, 2.5),
    memory(ON_UVLOOP, 2.5),
    *(times("newest", load, "server09", 0.8, WATCHING) for load in LOADS),
    *(flat(peer, "members", 10, 1000) for peer in ("server09", PROTOCOL, "newest")),
    flat("server09", "rooms", 1, 1000),
    flat(PROTOCOL, "rooms", 1, 1000),
    flat("newest", "rooms", 1, 1000, BEATS),
    linear("server09"),
)


@dataclass(frozen=True)
class Verdict:
    """A goal, and what came of it; ``value`` is None if it was not measured."""

    goal: Goal
    whose: str  # as it is called in the results
    value: float | None
    why: str = ""  # it was not measured, or missed

    @property
    def words(self) -> str:
        """Whether it was kept, in a word or a few."""
        if self.value is None:
            return "not measured"
        if self.goal.kept(self.value):
            return "kept"
        return f"missed by {abs(self.value / self.goal.bound - 1):.1%}"


def verdicts(look: Look) -> Iterator[Verdict]:
    """Yield what came of each goal, and what is in the way of it if it was missed."""
    for goal in GOALS:
        try:
            value = goal.measure(look)
            why = "" if goal.kept(value) else filled(goal.in_the_way, look)
            yield Verdict(goal, look.named(goal.whose), value, why)
        except LookupError as error:
            yield Verdict(goal, goal.whose, None, str(error))


def filled(words: str, look: Look) -> str:
    """Return a sentence with figures for what stands in braces."""
    return re.sub(r"\{(.+?)\}", lambda found: look.said(found[1]), words)
