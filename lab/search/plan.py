"""What a crowd of clients is going to do, drawn from a seed: plain data, no network.

Since it is data it can be printed, cut down and played again. ``shorter`` gives the
plans that are a little shorter than one, to find the shortest that still shows a fault.
"""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from lab.network import Faults

ROOMS = ("tea", "milk", "lemon")
# Bytes that a wire holds, and the latencies and jitters, in seconds, with which it can
# carry a long text in a few seconds: only so many bytes are on the way at a time.
WIRES = {
    1024: ((0.0, 0.0),),
    16384: ((0.0, 0.0), (0.001, 0.05)),
    65536: ((0.0, 0.0), (0.001, 0.05), (0.1, 0.5)),
}
SHORT, LONG = 12, 30_000  # characters of what is said; a long one fills any wire
OFTEN_LONG = 0.2  # of all that is said
OFTEN_MUCH = 0.15  # of the crowds in which somebody does not read
MUCH = 45  # long texts: more than may wait for one client
OFTEN_FLOODED = 0.15  # of the crowds in which somebody talks without end
FLOOD = 3 * MUCH  # long texts: more than may wait, for one who reads meanwhile as well
LATER = 4.0  # seconds, in which those who listen have joined
LISTENING = Faults(latency=0.001, jitter=0.05)  # a megabyte a second, or two
BURST = 40  # messages that are sent at once
OFTEN_TEA = 0.6  # of all that happens: in one room, people get into each other's way

# What a visitor only does where there is a certain fault.
NEEDED = {"forge": "forged", "stall": "stalled", "bad": "bad", "burst": "at_once"}
NEEDED |= {"crowd": "crowd"}


@dataclass(frozen=True)
class Act:
    """One thing that a client does, so many seconds after the one before."""

    pause: float
    what: str  # join, leave, say, forge, outside, stall, bad, burst, crowd
    room: str
    size: int = 0  # characters


@dataclass(frozen=True)
class Part:
    """What one client does. One that stays has no fault but a slow network.

    ``end`` is how it goes: finish, close, reset, rubbish, dead, silent.
    """

    name: str
    stays: bool
    faults: Faults
    acts: tuple[Act, ...]
    end: str

    @property
    def rooms(self) -> list[str]:
        """The rooms that it joins, in this order."""
        return list(dict.fromkeys(act.room for act in self.acts if act.what == "join"))


@dataclass(frozen=True)
class Plan:
    """A crowd: its parts, all played at once, and how much its wires hold."""

    seed: int
    capacity: int
    parts: tuple[Part, ...]
    stopped: bool = False  # at its end, while those who stay are still there
    flooded: bool = False  # somebody talks as fast as they are let

    @property
    def size(self) -> int:
        """How much there is to look at."""
        return sum(2 + len(part.acts) for part in self.parts)


def drawn(seed: int, allowed: Collection[str]) -> Plan:
    """Return the plan of this seed, with no fault but those that are named."""
    chance = random.Random(seed)
    capacity = chance.choice(list(WIRES))
    staying = [
        _staying(name, chance, _slow(capacity, chance, allowed))
        for name in ("alice", "bob", "cleo")[: chance.randint(2, 3)]
    ]
    visiting = [
        _visiting(f"guest {number}", chance, _slow(capacity, chance, allowed), allowed)
        for number in range(chance.randint(1, 4))
    ]
    if "stalled" in allowed and chance.random() < OFTEN_MUCH:
        capacity, (staying, visiting) = max(WIRES), _much(staying, visiting)
    flooded = "flood" in allowed and chance.random() < OFTEN_FLOODED
    if flooded:
        capacity, (staying, visiting) = max(WIRES), _flooded(staying, visiting)
    parts = tuple(staying + visiting)
    return Plan(seed, capacity, parts, "stopped" in allowed, flooded)


def shorter(plan: Plan) -> Iterator[Plan]:
    """Yield plans that are a little shorter: without a client, or some of its acts.

    Whoever stays keeps its rooms, since what it should hear depends on them.
    """
    for part in plan.parts:
        yield replace(plan, parts=tuple(p for p in plan.parts if p is not part))
    for place, part in enumerate(plan.parts):
        kept = [act for act in part.acts if part.stays and act.what == "join"]
        rest = tuple(act for act in part.acts if act not in kept)
        for fewer in _fewer(rest):
            acts = (*kept, *fewer)
            parts = list(plan.parts)
            parts[place] = replace(part, acts=acts)
            yield replace(plan, parts=tuple(parts))


def _fewer(acts: tuple[Act, ...]) -> Iterator[tuple[Act, ...]]:
    size = (len(acts) + 1) // 2
    while size:
        for begin in range(0, len(acts), size):
            yield acts[:begin] + acts[begin + size :]
        size //= 2


def _staying(name: str, chance: random.Random, faults: Faults) -> Part:
    joined = chance.sample(ROOMS, chance.randint(1, len(ROOMS)))
    if "tea" not in joined:
        joined.append("tea")  # where all of them meet
    acts = [Act(_pause(chance), "join", room) for room in joined]
    acts += [_said(chance, "say", joined) for _ in range(chance.randint(2, 12))]
    return Part(name, True, faults, tuple(acts), "finish")


def _visiting(
    name: str, chance: random.Random, faults: Faults, allowed: Collection[str]
) -> Part:
    acts = [Act(_pause(chance), "join", _room(chance, ROOMS))]
    kinds = ["say", "say", "say", "say", "join", "leave", "outside"]
    kinds += [what for what, why in NEEDED.items() if why in allowed]
    for _ in range(chance.randint(0, 10)):
        acts.append(_said(chance, chance.choice(kinds), ROOMS))
    ends = {"gone": "close", "reset": "reset", "rubbish": "rubbish"}
    ends |= {"dead": "dead", "silent": "silent"}
    end = chance.choice(["finish", *(ends[t] for t in ends if t in allowed)])
    if "refused" in allowed:
        faults = replace(faults, refused=0.2)
    if "reset" in allowed:
        faults = replace(faults, reset=0.2, within=chance.choice((60, 2000)))
    return Part(name, False, faults, tuple(acts), end)


def _much(staying: list[Part], visiting: list[Part]) -> tuple[list[Part], list[Part]]:
    """Let one talk without end while another does not read, on a fast network.

    On a slow one, somebody who does read would be dropped as well, and rightly.
    """
    quick = Faults()
    first, *others = [replace(part, faults=quick) for part in staying]
    visiting = [_hurried(part) for part in visiting]
    much = (Act(0.0, "say", "tea", LONG),) * MUCH
    asleep = (Act(0.0, "join", "tea"), Act(0.0, "stall", "tea"))
    sleepy = Part(f"guest {len(visiting)}", False, quick, asleep, "finish")
    talker = replace(first, acts=(*first.acts, *much))
    return [talker, *others], [*visiting, sleepy]


def _flooded(
    staying: list[Part], visiting: list[Part]
) -> tuple[list[Part], list[Part]]:
    """Let one visitor talk without end to those who read a megabyte a second or two.

    What all others say fits in besides.
    """
    listeners = [_brief(replace(part, faults=LISTENING)) for part in staying]
    first, *others = [_brief(_hurried(part)) for part in visiting]
    flood = (Act(LATER, "join", "tea"), *(Act(0.0, "say", "tea", LONG),) * FLOOD)
    flooding = replace(first, faults=Faults(), acts=flood, end="finish")
    return listeners, [flooding, *others]


def _brief(part: Part) -> Part:
    """Say a little wherever much was to be said."""
    acts = (
        replace(act, what="say" if act.what == "burst" else act.what, size=SHORT)
        for act in part.acts
    )
    return replace(part, acts=tuple(acts))


def _hurried(part: Part) -> Part:
    # Pieces take time, too: one that waits for them may owe as much as who is asleep.
    faults = replace(part.faults, latency=0.0, jitter=0.0, split=0.0)
    return replace(part, faults=faults)


def _said(chance: random.Random, what: str, rooms: Collection[str]) -> Act:
    size = LONG if chance.random() < OFTEN_LONG else SHORT
    if what == "burst":
        size = SHORT  # many long ones are more than a slow network takes in time
    return Act(_pause(chance), what, _room(chance, rooms), size)


def _room(chance: random.Random, rooms: Collection[str]) -> str:
    return "tea" if chance.random() < OFTEN_TEA else chance.choice(list(rooms))


def _pause(chance: random.Random) -> float:
    # Mostly one thing right after the other: then they get into each other's way.
    return 0.0 if chance.random() < 0.7 else round(chance.random(), 2)


def _slow(capacity: int, chance: random.Random, allowed: Collection[str]) -> Faults:
    late, jitter = chance.choice(WIRES[capacity])
    if "late" not in allowed:
        late = jitter = 0.0
    split = chance.choice((0.0, 0.3)) if "pieces" in allowed else 0.0
    return Faults(latency=late, jitter=jitter, split=split)
