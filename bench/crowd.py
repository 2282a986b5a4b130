"""The clients that the generator plays: rooms, and the members in them."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from bench.cases import TOGETHER
from bench.job import Arrival, Job
from bench.pattern import PROBE, Pattern, Tally, Wrong, probe
from bench.process import cpu_seconds, memory
from bench.wires import Line, Wire, WireError, wire

NEVER = 1 << 62  # bytes: a mark that nobody passes


class Member:
    """One connection. ``progress`` is what it has heard and what it has said, in bytes.

    Both count, because nobody hears what they say themselves: who has spoken is as far
    as those who have heard it.
    """

    # From the moment at which it is let in; the second is of the first.
    socket: socket.socket
    receive: Callable[[bytearray], int]

    def __init__(self, name: str, room: "Room") -> None:
        self.name = name
        self.room = room
        self.progress = 0
        self.said = 0  # messages
        self.tally: Listener | None = None
        self.halves = b"", b""  # what stands around the number in what it says


class Listener(Protocol):
    """Looks at all that comes in for one member."""

    def feed(self, data: bytes, /) -> None:
        """Take what has come; Wrong or WireError if it had not to come."""


class Replies:
    """What one who publishes apart is answered: nothing to count, but errors show."""

    def __init__(self, spoken: Wire) -> None:
        self._wire = spoken

    def feed(self, data: bytes) -> None:
        """Take what has come; WireError if it is an error."""
        self._wire.answered(data)


class Room:
    """A room in which all hear all others. Its members are those who hear.

    ``mark`` is the progress of one who has heard the message that the room waits for,
    and ``missing`` the number of those who have not.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: list[Member] = []
        self.speakers: list[Member] = []  # every member, or connections of their own
        self.pattern: Pattern | None = None
        self.sent = 0  # messages
        self.turn = 0  # of the speakers, modulo their number
        self.mark = NEVER
        self.missing = 0

    @property
    def size(self) -> int:
        """How many bytes one delivery has."""
        assert self.pattern is not None, "learnt before anything is counted"
        return self.pattern.size

    def recount(self) -> int:
        """Return how many messages everybody has heard, and look out for the next."""
        done = min([member.progress for member in self.members]) // self.size
        self.mark = mark = (done + 1) * self.size
        self.missing = sum([member.progress < mark for member in self.members])
        return done


NOWHERE = Room("")  # for those who publish apart: in it nobody waits for anything


class Crowd:
    """All members of all rooms, connected and in their rooms."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wire = wire(job.wire)
        self.rooms: list[Room] = []
        self.lines: dict[Member, Line] = {}  # one for each connection
        self._names = 0

    def gather(self, speakers: int) -> Arrival | None:
        """Connect everybody; so many in each room are going to speak.

        Returns what that took after the first group, and None if there was only one.
        Raises WireError if somebody is not let in.
        """
        entering = [each for room in self._make_rooms(speakers) for each in room]
        self._let_in(entering[:TOGETHER])
        if len(entering) <= TOGETHER:
            return None
        before, cpu = memory(self.job.pid), cpu_seconds(self.job.pid)
        start = time.perf_counter()
        for first in range(TOGETHER, len(entering), TOGETHER):
            self._let_in(entering[first : first + TOGETHER])
        return Arrival(
            connections=len(entering) - TOGETHER,
            seconds=time.perf_counter() - start,
            server=cpu_seconds(self.job.pid) - cpu,
            memory=memory(self.job.pid) - before,
        )

    def _make_rooms(self, speakers: int) -> Iterator[list[Member]]:
        """Yield the members of each room, who are still to be let in."""
        apart = self.wire.speaks_apart
        for number in range(self.job.rooms):
            room = Room(f"r{number:05}")
            self.rooms.append(room)
            # Whoever speaks does not hear it; a speaker apart is one listener less.
            room.members = [self._member(room) for _ in range(self.job.members - apart)]
            room.speakers = room.members[:speakers]
            if apart:
                room.speakers = [self._member(NOWHERE) for _ in range(speakers)]
            yield list(dict.fromkeys(room.members + room.speakers))

    def _member(self, room: Room) -> Member:
        self._names += 1
        return Member(f"m{self._names:05}", room)

    def _let_in(self, group: Sequence[Member]) -> None:
        """Connect some at once; none of them waits until all have knocked."""
        coming = []
        for member in group:
            member.socket = self._connect()
            member.receive = member.socket.recv_into
            line = self.lines[member] = Line(member.socket, self.wire)
            if member.room is NOWHERE:
                member.tally = Replies(self.wire)
                coming.append(self.wire.enter_apart(line, member.name))
            else:
                coming.append(self.wire.enter(line, member.name, member.room.name))
        while coming:
            coming = [one for one in coming if next(one, "in") != "in"]

    def learn(self) -> None:
        """Let each room hear a first message, and learn from it what all look like.

        Wrong if somebody hears something else.
        """
        for room in self.rooms:
            # The first does not hear itself, so that it takes a second.
            openers = room.speakers[:1] if self.wire.speaks_apart else room.members[:2]
            for opener in openers:
                first = probe(opener.name, room.name, self.job.text)
                self.lines[opener].send(self.wire.say(first))
                for member in room.members:
                    if member is not opener:
                        self._learn_from(member, opener)
            for speaker in room.speakers:
                said = probe(speaker.name, room.name, self.job.text)
                speaker.halves = halves(self.wire.say(said))

    def watch(self, share: int) -> None:
        """Go over to counting; one member in so many is checked frame by frame."""
        for room in self.rooms:
            names = [speaker.name for speaker in room.speakers]
            assert room.pattern is not None, "learnt before"
            for member in {*room.members[::-share], room.members[0]}:
                member.tally = Tally(room.pattern, names)
        for line in self.lines.values():
            line.socket.setblocking(False)

    def close(self) -> None:
        """Hang up."""
        for line in self.lines.values():
            line.socket.close()

    def _connect(self) -> socket.socket:
        try:
            connected = socket.create_connection((self.job.host, self.job.port))
        except OSError as error:
            raise WireError(f"no connection: {error}") from error
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _learn_from(self, member: Member, opener: Member) -> None:
        said, frame = self.lines[member].hear()
        first = probe(opener.name, member.room.name, self.job.text)
        if said != first:
            raise Wrong(f"{member.name} hears {said}, where {first} was said")
        learnt = Pattern(frame, opener.name, PROBE)
        if member.room.pattern is None:
            member.room.pattern = learnt
        if learnt != member.room.pattern:
            raise Wrong(f"{member.name} hears {frame!r}, in another form than others")


def halves(sent: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the number in what somebody says."""
    before, _, after = sent.partition(b"%d" % PROBE)
    return before, after
