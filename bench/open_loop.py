"""A load that waits for nobody: how long a delivery takes, and who is held up by whom.

A message counts from the moment at which it was due, not from that at which it was
sent: a server that holds up its publisher is not spared the delay.
"""

import math
import time
from collections.abc import Iterator, Sequence

from bench.crowd import Member
from bench.job import DELAYS, Delays, Paced
from bench.pattern import DIGITS, Wrong
from bench.process import descriptors, memory
from bench.traffic import Traffic
from bench.wires import Wire

SPINNING = 0.002  # seconds before a message is due in which we do not sleep any more
LOOKING = 0.05  # seconds between two looks at the server's memory


class Schedule:
    """When each message of one run is due; notes how late the generator was."""

    def __init__(self, rate: float, first: int) -> None:
        self.start = time.perf_counter()
        self.late: list[float] = []
        self._rate = rate
        self._first = first  # the number of the first message

    def due(self, number: int) -> float:
        """Return when the message of that number is due."""
        return self.start + (number - self._first) / self._rate


class Stopwatch:
    """Notes when what came to a member came; reads it when there is time for that."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._listener = member.tally
        self._chunks: list[tuple[float, bytes]] = []
        member.tally = self

    def feed(self, data: bytes) -> None:
        """Note what has come, and when."""
        self._chunks.append((time.perf_counter(), data))

    def hand_on(self) -> None:
        """Let whoever looked at the member's messages before see them now."""
        self.member.tally = self._listener
        if self._listener is not None:
            for _, data in self._chunks:
                self._listener.feed(data)

    def delays(self, wire: Wire, schedule: Schedule, first: int) -> Iterator[float]:
        """Yield how long each message was on its way; Wrong if one is not in order."""
        buffer = bytearray()
        for at, data in self._chunks:
            buffer += data
            while size := wire.size(buffer, 0):
                said = wire.heard(bytes(buffer[:size]))
                del buffer[:size]
                if said is None:
                    continue  # somebody has gone, for instance
                if (number := int(said.text[:DIGITS])) != first:
                    raise Wrong(f"expected message {first}; got message {number}")
                yield at - schedule.due(number)
                first += 1


class Watch:
    """Looks at the server from time to time: its memory, and whether it hangs up."""

    def __init__(self, pid: int, silent: int) -> None:
        self._pid = pid
        self._start = time.perf_counter()
        self._next = self._start
        self._memory = memory(pid)
        self._few = descriptors(pid) - silent
        self._silent = silent
        self.growth = 0
        self.left = 0
        self.dropped: float | None = None

    def look(self, now: float) -> None:
        """Look, if it is time to."""
        if now < self._next:
            return
        self._next = now + LOOKING
        self.left = memory(self._pid) - self._memory
        self.growth = max(self.growth, self.left)
        gone = self._silent and descriptors(self._pid) <= self._few
        if self.dropped is None and gone:
            self.dropped = now - self._start


class PacedLoop:
    """One phase: brings its load to the first room of a crowd."""

    def __init__(self, traffic: Traffic, phase: Paced, pid: int) -> None:
        self._traffic = traffic
        self._phase = phase
        self._room = traffic.rooms[0]
        self._watch = Watch(pid, phase.silent)

    def run(self) -> Delays:
        """Return what was measured; Wrong or WireError if it does not count."""
        speaker = self._room.speakers[0]
        listening = [member for member in self._room.members if member is not speaker]
        for _ in range(self._phase.silent):
            self._traffic.ignore(listening.pop())
        first = speaker.said
        schedule = Schedule(self._phase.rate, first)
        watches = [Stopwatch(member) for member in listening]
        self._say_all(speaker, schedule)
        self._hear_all(watches)
        wire = self._traffic.wire
        delays = [d for each in watches for d in each.delays(wire, schedule, first)]
        expected = (speaker.said - first) * len(listening)
        return result(self._phase, expected, delays, schedule.late, self._watch)

    def _say_all(self, speaker: Member, schedule: Schedule) -> None:
        """Say every message when it is due, and hear meanwhile what there is."""
        traffic, now = self._traffic, time.perf_counter
        total = math.ceil(self._phase.rate * self._phase.seconds)
        for number in range(speaker.said, speaker.said + total):
            due = schedule.due(number)
            while (wait := due - now()) > 0:
                traffic.turn(wait - SPINNING if wait > SPINNING else 0)
                self._watch.look(now())
            schedule.late.append(-wait)
            traffic.say(speaker, self._room)
            traffic.turn(0)

    def _hear_all(self, watches: Sequence[Stopwatch]) -> None:
        """Hear what is still on its way: all of it, unless somebody is silent."""
        if not self._phase.silent:
            self._traffic.drain()
            for stopwatch in watches:
                stopwatch.hand_on()
            return
        while self._traffic.turn(LOOKING):
            self._watch.look(time.perf_counter())


def result(
    phase: Paced,
    expected: int,
    delays: list[float],
    late: list[float],
    watch: Watch,
) -> Delays:
    """Put together what was measured; Wrong if nothing at all has come."""
    if not delays:
        raise Wrong("nothing at all has come")
    delays.sort()
    late.sort()
    return Delays(
        phase.name,
        expected,
        len(delays),
        (*(quantile(delays, part) for part in DELAYS), delays[-1]),
        quantile(late, 0.99),
        watch.growth,
        watch.left,
        watch.dropped,
    )


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that so large a part of the sorted values does not exceed."""
    return values[max(0, math.ceil(part * len(values)) - 1)]
