"""Lets the members of a crowd hear and speak, and counts what they hear.

This is the part of the generator that must not be slower than a server: for every
socket that is ready it does one ``recv`` and a few additions.
"""

from bench.crowd import Crowd, Member, Room
from bench.pattern import DIGITS, Wrong
from bench.readiness import READ, WRITE, readiness
from bench.wires import WireError

BUFFER = 1 << 18  # bytes read from one socket at a time
TIMEOUT = 5.0  # seconds without a single byte, after which the rest counts as lost


class Traffic:
    """All that goes over the connections of a crowd."""

    def __init__(self, crowd: Crowd) -> None:
        self.rooms = crowd.rooms
        self.wire = crowd.wire
        self.ready: list[Room] = []  # everybody in them has heard what they waited for
        self._by_descriptor = {m.socket.fileno(): m for m in crowd.lines}
        self._unsent: dict[Member, bytearray] = {}
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._readiness = readiness()
        for descriptor in self._by_descriptor:
            self._readiness.register(descriptor, READ)

    def close(self) -> None:
        """Look at the connections no more."""
        self._readiness.close()

    def ignore(self, member: Member) -> None:
        """Read nothing from this member any more."""
        descriptor = member.socket.fileno()
        self._readiness.unregister(descriptor)
        del self._by_descriptor[descriptor]

    def turn(self, timeout: float) -> bool:
        """Take in what has come; return whether anything has, in so many seconds.

        Raises Wrong if it is not what was expected, and WireError for a hang-up.
        """
        events = self._readiness.poll(timeout)
        try:
            self._take_in(events)
        except BlockingIOError:
            pass  # nothing was there after all; the others are still ready
        except OSError as error:
            raise WireError(f"a member was cut off: {error}") from error
        return bool(events)

    def _take_in(self, events: list[tuple[int, int]]) -> None:
        members, buffer = self._by_descriptor, self._buffer
        for descriptor, event in events:
            member = members[descriptor]
            if event != READ and self._has_sent(member, event):
                continue
            size = member.receive(buffer)
            if not size:
                raise WireError(f"the server has hung up on {member.name}")
            if member.tally is not None:
                member.tally.feed(bytes(self._view[:size]))
            room, before = member.room, member.progress
            member.progress = after = before + size
            if before < room.mark <= after:
                room.missing -= 1
                if not room.missing:
                    self.ready.append(room)

    def say(self, speaker: Member, room: Room, messages: int = 1) -> None:
        """Let a member say its next messages, in one go."""
        start, end = speaker.halves
        numbers = range(speaker.said, speaker.said + messages)
        frames = [b"%b%0*d%b" % (start, DIGITS, number, end) for number in numbers]
        speaker.said += messages
        room.sent += messages
        self._send(speaker, b"".join(frames))
        before, size = speaker.progress, messages * room.size
        speaker.progress = before + size
        if before < speaker.room.mark <= before + size:
            room.missing -= 1
            if not room.missing:
                self.ready.append(room)

    def drain(self) -> None:
        """Take in all that was said; Wrong if not all of it comes, or more."""
        while any(room.recount() < room.sent for room in self.rooms):
            if not self.turn(TIMEOUT):
                break
        self.ready.clear()
        heard, said = self.heard(), sum(r.sent * len(r.members) for r in self.rooms)
        if heard < said:
            raise Wrong(f"{said - heard} deliveries never came")
        for room in self.rooms:
            for member in room.members:
                if member.progress != room.sent * room.size:
                    raise Wrong(f"{member.name} hears more than was said")

    def heard(self) -> int:
        """Return how many messages the members have heard, or said themselves."""
        return sum(
            sum([member.progress for member in room.members]) // room.size
            for room in self.rooms
        )

    def _send(self, member: Member, data: bytes) -> None:
        if member in self._unsent:
            self._unsent[member] += data
            return
        try:
            sent = member.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise WireError(f"{member.name} cannot speak: {error}") from error
        if sent < len(data):
            self._unsent[member] = bytearray(data[sent:])
            self._readiness.modify(member.socket.fileno(), READ | WRITE)

    def _has_sent(self, member: Member, event: int) -> bool:
        """Send what is left over; return whether there is nothing to be read, too."""
        if rest := self._unsent.pop(member, None):
            self._readiness.modify(member.socket.fileno(), READ)
            self._send(member, bytes(rest))
        return event == WRITE
