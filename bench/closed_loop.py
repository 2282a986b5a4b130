"""A load that waits for the server: so many messages are on their way, never more.

Whatever a slow server is spared in this way shows in its figures: what is measured is
the CPU time that a delivery costs, and how many there are in a second.
"""

import time
from typing import NamedTuple

from bench.crowd import Room
from bench.job import Closed, Throughput
from bench.pattern import Wrong
from bench.process import cpu_seconds
from bench.traffic import TIMEOUT, Traffic


class Reading(NamedTuple):
    """The clocks and the count at one moment."""

    at: float
    server: float
    generator: float
    heard: int
    sent: int


class ClosedLoop:
    """One phase: brings its load to a crowd, and measures what came of it."""

    def __init__(self, traffic: Traffic, phase: Closed, pid: int) -> None:
        self._traffic = traffic
        self._phase = phase
        self._pid = pid

    def run(self) -> Throughput:
        """Return what was measured; Wrong or WireError if it does not count."""
        for room in self._traffic.rooms:
            self._fill(room)
        self._keep_going(self._phase.warm_up)
        start = self._read()
        self._keep_going(self._phase.seconds)
        stop = self._read()
        self._traffic.drain()
        # What a member says itself is not delivered to it.
        deliveries = (stop.heard - start.heard) - (stop.sent - start.sent)
        if deliveries <= 0:
            raise Wrong(f"nothing was delivered in {stop.at - start.at:.2f} s")
        return Throughput(
            self._phase.name,
            deliveries=deliveries,
            seconds=stop.at - start.at,
            server=stop.server - start.server,
            generator=stop.generator - start.generator,
        )

    def _keep_going(self, seconds: float) -> None:
        traffic, now = self._traffic, time.perf_counter
        end = now() + seconds
        while True:
            if not traffic.turn(TIMEOUT):
                raise Wrong(f"silence for {TIMEOUT:g} s, and not all has come")
            while traffic.ready:
                self._fill(traffic.ready.pop())
            if now() >= end:
                return

    def _fill(self, room: Room) -> None:
        """Let the speakers of a room say as much as may be on its way again."""
        publishers = self._phase.publishers
        free = self._phase.in_flight - (room.sent - room.recount())
        each, more = divmod(free, publishers)
        for number in range(min(free, publishers)):
            speaker = room.speakers[(room.turn + number) % publishers]
            self._traffic.say(speaker, room, each + (number < more))
        room.turn += more

    def _read(self) -> Reading:
        rooms = self._traffic.rooms
        own = sum(room.sent for room in rooms if room.speakers[0] in room.members)
        return Reading(
            time.perf_counter(),
            cpu_seconds(self._pid),
            time.process_time(),
            self._traffic.heard(),
            own,
        )
