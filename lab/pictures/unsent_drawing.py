"""Draws how many bytes wait for each client, and how fast they leave."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from lab.pictures import drawing
from lab.pictures.drawing import seconds, size, small, written
from lab.pictures.unsent_notes import Series

BINS = 60  # intervals of the lower half
LEFT = 74  # pixels for the numbers
WIDTH = 400  # pixels from the beginning to the end
RIGHT = 240  # pixels for the names
TALL = 120  # pixels: the height of the upper half
TOP = 28  # pixels above each half, for what it shows
STRIP = 34  # pixels from one client to the next in the lower half
GAP = 8  # pixels of that between them
ROW = 14  # pixels from one name to the next, at least
DASHES = ("", "6 3", "2 2", "9 3 2 3", "1 3", "12 4")  # a line style for each client


class Picture:
    """The drawing: bytes that wait above, bytes that leave below, one time for both.

    Above, one scale and one field for all clients, who can be compared. Below, a strip
    for each: what leaves is much the same for all of them as long as all goes well, and
    lines would hide each other.
    """

    def __init__(
        self, series: Sequence[Series], times: tuple[float, float], text: str
    ) -> None:
        self.series, self.text = series, text
        self.first, self.last = times

    def svg(self, notes: Sequence[str]) -> str:
        """Draw all of it, with what there is to note below."""
        middle = TOP + TALL + TOP + 4
        bottom = middle + STRIP * len(self.series)
        return drawing.picture(
            "unsent",
            LEFT + WIDTH + RIGHT,
            bottom + 26 + 16 * len(notes),
            self.text,
            [
                *self._times(bottom),
                *self._waiting(),
                *self._leaving(middle),
                *(small(4, bottom + 18 + 16 * n, t) for n, t in enumerate(notes, 1)),
            ],
        )

    def _x(self, time: float) -> float:
        return LEFT + (time - self.first) / (self.last - self.first) * WIDTH

    def _times(self, bottom: float) -> list[str]:
        """Draw the scale of time below, and a faint line through all."""
        values = drawing.ticks(self.last - self.first)
        marks = [(self._x(self.first + v), seconds(v, values[-1])) for v in values]
        return [
            small(x, bottom + 16, words, "middle")
            + f'<path d="M{x:.1f} {TOP}V{bottom + 4}" stroke="currentColor" '
            f'opacity=".15"/>'
            for x, words in marks
        ]

    def _waiting(self) -> list[str]:
        """Draw the upper field: its scale, and a line of steps for each client."""
        most = max([1024, *(series.peak for series in self.series)])
        parts = [small(LEFT, TOP - 8, "bytes that wait")]
        for value in drawing.ticks(most, 3, base=1024):
            parts += self._mark(TOP + TALL - value / most * TALL, size(value))
        ends = {}
        for series, dash in zip(self.series, DASHES, strict=False):
            line = ((sample.time, sample.waiting) for sample in series.samples)
            points = self._pixels(line, TOP + TALL, TALL / most)
            ends[series] = points[-1][1]
            parts.append(_path(f"M{_steps(points)}H{LEFT + WIDTH}", series.name, dash))
        return parts + self._names(ends)

    def _leaving(self, top: float) -> list[str]:
        """Draw the lower field: a strip for each client, all to one scale."""
        rates = {series: self._rates(series) for series in self.series}
        most = max([1024.0, *(rate for line in rates.values() for _, rate in line)])
        parts = [small(LEFT, top - 8, "bytes per second that get through")]
        if rates:
            parts += self._mark(top + GAP, f"{size(most)}/s")
        for number, (series, line) in enumerate(rates.items(), 1):
            y = top + STRIP * number
            steps = _steps(self._pixels(line, y, (STRIP - GAP) / most))
            area = f"M{LEFT} {y}L{steps}V{y}z"
            parts += [
                *self._mark(y, "0"),
                _path(area, series.name, fill="currentColor"),
                written(LEFT + WIDTH + 18, y - 4, drawing.shortened(series.name, 18)),
            ]
        return parts

    def _mark(self, y: float, words: str) -> list[str]:
        """Draw a number of a scale, and a faint line."""
        line = (
            f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="currentColor" opacity=".15"/>'
        )
        return [small(LEFT - 6, y + 4, words, "end"), line]

    def _rates(self, series: Series) -> list[tuple[float, float]]:
        """Return from when on how many bytes left in a second."""
        width = (self.last - self.first) / BINS
        edges = [self.first + n * width for n in range(BINS + 1)]
        left = [series.at(edge) for edge in edges]
        rates = [max(b - a, 0.0) / width for a, b in pairwise(left)]
        return list(zip(edges, [*rates, rates[-1]], strict=True))

    def _pixels(
        self, line: Iterable[tuple[float, float]], bottom: float, scale: float
    ) -> list[tuple[float, float]]:
        """Return the corners of a line: at a pixel the highest, and then the last."""
        corners: dict[int, tuple[float, float]] = {}
        for time, value in line:
            x = round(self._x(time))
            highest = max(value, *corners.get(x, (value,)))
            corners[x] = highest, value
        return [
            (x, bottom - value * scale) for x, pair in corners.items() for value in pair
        ]

    def _names(self, ends: dict[Series, float]) -> list[str]:
        """Write the names where the lines end, and not upon each other."""
        parts, x = [], LEFT + WIDTH
        free = max(ends.values(), default=0.0)
        for series, y in sorted(ends.items(), key=lambda pair: pair[1], reverse=True):
            place = min(y, free)
            free = place - ROW
            most = f": {size(series.peak)} at most" if series.peak else ""
            parts += [
                f'<path d="M{x + 2} {y:.1f}L{x + 14} {place:.1f}" '
                f'stroke="currentColor" opacity=".5"/>',
                written(x + 18, place + 4, drawing.shortened(series.name, 18) + most),
            ]
        return parts


def _steps(points: list[tuple[float, float]]) -> str:
    """Return a line of steps through points, for a path to begin or go on with."""
    (x, y), *others = points
    return f"{x} {y:.1f}" + "".join(f"H{x}V{y:.1f}" for x, y in others)


def _path(line: str, name: str, dash: str = "", fill: str = "none") -> str:
    style = f' stroke-dasharray="{dash}"' if dash else ""
    faint = ' fill-opacity=".3"' if fill != "none" else ""
    return (
        f'<path d="{line}" fill="{fill}"{faint} stroke="currentColor" '
        f'stroke-width="1.5"{style}><title>{drawing.escaped(name)}</title></path>'
    )
