"""What the harness asks of the generator, and what the generator answers: JSON."""

import json
from dataclasses import dataclass

from bench.packing import packable, packed, unpacked

DELAYS = (0.5, 0.99, 0.999)  # the quantiles of a delay that are reported


@packable
@dataclass(frozen=True)
class Closed:
    """A load that waits for the server: so many messages on their way at once.

    ``publishers`` take turns in each room; a message counts as on its way until every
    other member of the room has heard it. ``seconds`` are measured, after ``warm_up``.
    """

    name: str
    publishers: int
    in_flight: int
    seconds: float = 0.7
    warm_up: float = 0.2


@packable
@dataclass(frozen=True)
class Paced:
    """A load that waits for nobody: one publisher, so many messages a second.

    ``silent`` members stop reading when it begins; no other phase can follow then.
    """

    name: str
    rate: float
    seconds: float = 2.0
    silent: int = 0
    publishers: int = 1


Phase = Closed | Paced


@packable
@dataclass(frozen=True)
class Job:
    """Whom to call, the crowd to be, and the loads to bring, one after the other.

    ``text`` is the length of what is said, in characters; ``pid`` the server's process.
    """

    host: str
    port: int
    pid: int
    wire: str
    members: int
    rooms: int = 1
    text: int = 40
    phases: tuple[Phase, ...] = ()

    def to_json(self) -> str:
        """Return the job in one line."""
        return json.dumps(packed(self))

    @staticmethod
    def from_json(line: str) -> "Job":
        """Read a job; KeyError or TypeError if it is none."""
        job = unpacked(json.loads(line))
        assert isinstance(job, Job), "nothing else has these fields"
        return job


@packable
@dataclass(frozen=True)
class Arrival:
    """What it took to let so many connections in, each named and in a room.

    ``server`` is the server's CPU time in seconds, ``memory`` what it has grown by, in
    bytes. The first connections are not counted: they pay for what happens only once.
    """

    connections: int
    seconds: float
    server: float
    memory: int


@packable
@dataclass(frozen=True)
class Throughput:
    """What a closed load came to.

    ``server`` and ``generator`` are the CPU seconds that each has used in it.
    """

    name: str
    deliveries: int
    seconds: float
    server: float
    generator: float


@packable
@dataclass(frozen=True)
class Delays:
    """What a paced load came to.

    ``expected`` and ``deliveries`` are those to the members that read. ``delays`` are
    seconds from the moment at which a message was due to be sent until a member had it:
    the quantiles of DELAYS, and the worst; ``late`` is by how much the generator itself
    was late in 99 of 100 cases. ``growth`` is the most by which the server's memory
    grew, in bytes, ``growth_left`` at the end; ``dropped`` the seconds after which the
    server hung up on those who do not read, None if it did not.
    """

    name: str
    expected: int
    deliveries: int
    delays: tuple[float, ...]
    late: float
    growth: int
    growth_left: int
    dropped: float | None


Measured = Throughput | Delays


@packable
@dataclass(frozen=True)
class Answer:
    """What a job came to; ``error`` says why nothing of it counts, if so."""

    error: str | None = None
    arrival: Arrival | None = None
    measured: tuple[Measured, ...] = ()

    def to_json(self) -> str:
        """Return the answer in one line."""
        return json.dumps(packed(self))

    @staticmethod
    def from_json(line: str) -> "Answer":
        """Read an answer; KeyError or TypeError if it is none."""
        answer = unpacked(json.loads(line))
        assert isinstance(answer, Answer), "nothing else has these fields"
        return answer
