"""What a network can do to those who use it, and a link that does it.

Everything is drawn from one ``random.Random``: the same seed brings the same bad day.
"""

import collections
import random
from asyncio import AbstractEventLoop
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.network.sockets import Link, Portion, Sign, Socket

# Seconds after which Linux gives up a connection whose other end answers nothing any
# more: what the kernel's documentation (ip-sysctl, tcp_retries2) says of its default.
GIVES_UP = 924.6

APART = 1e-6  # seconds between two pieces: at once, they would be read as one


@dataclass(frozen=True)
class Faults:
    """What may happen to a connection.

    The last five are chances, from 0 to 1. ``refused``, ``reset``, ``dead`` and
    ``stalled`` are drawn once for a connection; where in a stream they strike is drawn
    from the first ``within`` bytes. ``split`` is drawn for each portion.
    """

    latency: float = 0.0  # seconds that everything takes to arrive
    jitter: float = 0.0  # seconds more at most, drawn for each portion
    within: int = 2000  # bytes of a stream in which something may strike
    stall: float = 30.0  # seconds that a stream stands still when it does
    split: float = 0.0  # a portion arrives in several pieces
    refused: float = 0.0  # a call is refused
    reset: float = 0.0  # the connection is broken off, for both ends
    dead: float = 0.0  # nothing arrives any more, in either direction (half-open)
    stalled: float = 0.0  # nothing arrives for ``stall`` seconds


NONE = Faults()


class RoughLink(Link):
    """A link on which everything arrives in its order, and that is all it promises."""

    def __init__(
        self, loop: AbstractEventLoop, faults: Faults, chance: random.Random
    ) -> None:
        self._loop = loop
        self._faults = faults
        self._chance = chance
        self._streams: dict[Socket, _Stream] = {}
        self.was_reset = False

    def join(self, near: Socket, far: Socket) -> None:
        """Lie between these two, and draw what will happen to them."""
        self._streams = {near: _Stream(near, far), far: _Stream(far, near)}
        faults, chance = self._faults, self._chance
        for name in ("reset", "dead", "stalled"):
            stream = self._streams[chance.choice((near, far))]
            place = chance.randrange(1, faults.within + 1)
            if chance.random() < getattr(faults, name):
                stream.strikes[place] = name

    def carry(self, receiver: Socket, portion: Portion) -> None:
        """Take something to one of the two; see Faults for how it may fare."""
        stream = self._streams[receiver]
        pieces: Sequence[Portion] = [portion]
        if isinstance(portion, bytes):
            pieces = self._pieces(portion)
        for place, piece in enumerate(pieces):
            late = self._faults.latency + self._chance.random() * self._faults.jitter
            # Nothing overtakes what was sent before it.
            earliest = stream.free_at + (APART if place else 0.0)
            stream.free_at = max(earliest, self._loop.time() + late)
            stream.on_the_way.append(piece)
            self._loop.call_at(stream.free_at, self._arrive, stream)
        if not self.alive:
            self._give_up(stream)

    # What can also be done on purpose.

    def reset(self) -> None:
        """Break the connection off, for both ends."""
        self.was_reset = True
        for receiver in self._streams:
            receiver.arrive(Sign.RESET)

    def die(self) -> None:
        """Let nothing arrive any more, and let neither end know."""
        self.alive = False
        for stream in self._streams.values():
            if stream.on_the_way:
                self._give_up(stream)

    def stall(self, receiver: Socket, seconds: float) -> None:
        """Let nothing arrive at this end for so many seconds."""
        stream = self._streams[receiver]
        stream.held_until = max(stream.held_until, self._loop.time() + seconds)

    def _pieces(self, data: bytes) -> list[bytes]:
        if len(data) < 2 or self._chance.random() >= self._faults.split:
            return [data]
        cut = self._chance.randrange(1, len(data))
        return [data[:cut], *self._pieces(data[cut:])]

    def _arrive(self, stream: "_Stream") -> None:
        """Hand over what comes next; called once for each portion."""
        if stream.held_until > self._loop.time():
            self._loop.call_at(stream.held_until, self._arrive, stream)
            return
        portion = stream.on_the_way.popleft()
        if not self.alive:
            return
        if isinstance(portion, bytes) and (name := stream.strike(portion)):
            before, after = stream.split(portion)
            if after:
                stream.on_the_way.appendleft(after)
            self._deliver(stream, before)
            self._strike(name, stream)
            if after:
                self._arrive(stream)
        else:
            self._deliver(stream, portion)

    def _deliver(self, stream: "_Stream", portion: Portion) -> None:
        if isinstance(portion, bytes):
            stream.carried += len(portion)
        stream.receiver.arrive(portion)

    def _strike(self, name: str, stream: "_Stream") -> None:
        if name == "reset":
            self.reset()
        elif name == "dead":
            self.die()
        else:
            self.stall(stream.receiver, self._faults.stall)

    def _give_up(self, stream: "_Stream") -> None:
        if not stream.given_up:
            stream.given_up = True
            self._loop.call_later(GIVES_UP, stream.sender.arrive, Sign.LOST)


def link_of(sock: Any) -> RoughLink:
    """Return what lies between a socket of this network and its other end.

    To be given a client's socket, as ``get_extra_info("socket")`` returns it. TypeError
    for one on whose link nothing can go wrong: it was made without any faults.
    """
    link = getattr(sock, "link", None)
    if not isinstance(link, RoughLink):
        raise TypeError("no fault can happen on this connection: give it some Faults")
    return link


class _Stream:
    """One direction: what is on its way, and what is still to happen to it."""

    def __init__(self, receiver: Socket, sender: Socket) -> None:
        self.receiver = receiver
        self.sender = sender
        self.on_the_way: collections.deque[Portion] = collections.deque()
        self.free_at = 0.0  # when the last portion arrives
        self.held_until = 0.0
        self.carried = 0  # bytes that have arrived
        self.strikes: dict[int, str] = {}  # the byte at which something happens
        self.given_up = False

    def strike(self, portion: bytes) -> str | None:
        """Return what happens within this portion first, if anything does."""
        places = [
            place for place in self.strikes if place <= self.carried + len(portion)
        ]
        return self.strikes[min(places)] if places else None

    def split(self, portion: bytes) -> tuple[bytes, bytes]:
        """Return what comes before that place, and what comes after it."""
        place = min(self.strikes)
        del self.strikes[place]
        cut = max(0, place - self.carried)
        return portion[:cut], portion[cut:]
