"""Draws how much waits in the server and reaches Bob, with three of the designs."""

from docs.examples.other_designs.task_for_each import send_to
from docs.examples.s06_slow_readers.one_sleeps import FRAME, Played, play
from lab.pictures.unsent import Unsent
from lab.pictures.unsent_notes import Sample, Series


def line(name: str, played: Played) -> Series:
    """Return one design as a line in the picture."""
    series = Series(name, played.peak)
    series.samples = [
        Sample(sample.time, played.said * FRAME, sample.waiting, sample.heard * FRAME)
        for sample in played.samples
    ]
    series.written, series.left = played.said * FRAME, played.bob * FRAME
    return series


unsent = Unsent.showing(
    line("await each", play("05")),
    line("a task per message", play("05", send_to=send_to)),
    line("wait for none", play("06")),
)
print(unsent.svg())
