"""What the harness asks of the generator, and what the generator answers: JSON."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Phase:
    """A load on a crowd that is there already: so many messages on their way at once.

    ``publishers`` take turns in each room; a message counts as on its way until every
    other member of the room has heard it. ``seconds`` are measured, after ``warm_up``.
    """

    name: str
    publishers: int
    in_flight: int
    seconds: float = 1.0
    warm_up: float = 0.2


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
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> "Job":
        """Read a job; TypeError if a field is missing or unknown."""
        fields = json.loads(line)
        phases = tuple(Phase(**phase) for phase in fields.pop("phases"))
        return Job(**fields, phases=phases)


@dataclass(frozen=True)
class Measured:
    """What one phase came to.

    ``server`` and ``generator`` are the CPU seconds that each has used in it.
    """

    name: str
    deliveries: int
    seconds: float
    server: float
    generator: float


@dataclass(frozen=True)
class Answer:
    """What a job came to; ``error`` says why nothing of it counts, if so."""

    error: str | None = None
    measured: tuple[Measured, ...] = ()

    def to_json(self) -> str:
        """Return the answer in one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> "Answer":
        """Read an answer; ValueError if it is none."""
        fields = json.loads(line)
        measured = tuple(Measured(**phase) for phase in fields["measured"])
        return Answer(fields["error"], measured)
