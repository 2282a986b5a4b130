"""What is noted about the buffer of each client."""

from typing import NamedTuple

MAX_WRITERS = 1_000  # writers watched in one block
SAMPLES = 4_000  # kept of each: many more than a picture has pixels


class Sample(NamedTuple):
    """The state of one client's buffer."""

    time: float  # seconds on the loop's clock
    written: int  # bytes, since the block began
    waiting: int  # bytes in the transport's buffer
    left: int  # bytes that it has handed to the system since then


class Series:
    """What was noted about one client."""

    def __init__(self, name: str, waiting: int) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self.peak = waiting
        self.written = self.left = 0
        self._before = waiting  # bytes from before the block: they will leave, too

    def note(self, time: float, waiting: int, closing: bool) -> None:
        """Add a sample; ``closing`` says that the buffer may just have been dropped."""
        if not closing:
            self.left = self._before + self.written - waiting
        self.peak = max(self.peak, waiting)
        sample = Sample(time, self.written, waiting, self.left)
        # Of a time in which nothing changed the beginning and the end will do.
        if len(self.samples) > 1 and all(
            sample[1:] == other[1:] for other in self.samples[-2:]
        ):
            self.samples.pop()
        self.samples.append(sample)
        if len(self.samples) > SAMPLES:
            self.samples = _thinned(self.samples)

    def at(self, time: float) -> float:
        """Return how many bytes had left at a time, as far as that is known."""
        before = self.samples[0]
        for sample in self.samples:
            if sample.time >= time:
                share = (time - before.time) / ((sample.time - before.time) or 1.0)
                return before.left + max(share, 0.0) * (sample.left - before.left)
            before = sample
        return before.left


def _thinned(samples: list[Sample]) -> list[Sample]:
    """Return half as many: of two that follow each other the one with more waiting."""
    pairs = zip(samples[:-1:2], samples[1:-1:2], strict=False)
    return [*(max(pair, key=lambda s: s.waiting) for pair in pairs), samples[-1]]
