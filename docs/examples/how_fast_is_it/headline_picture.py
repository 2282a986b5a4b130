"""Draws the cost of a delivery for each server under three loads."""

import math

from bench import metrics, results
from bench.figures import Case, Figure
from bench.query import LOADS, Look
from lab.pictures.drawing import picture, small, wide, written

LEFT, TOP, HIGH, WIDTH = 190, 52, 24, 470  # pixels; the first is for the names
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


class Scale:
    """Microseconds to pixels: each distance stands for a factor."""

    def __init__(self, figures: list[Figure]) -> None:
        least, most = (f(figures) for f in (lowest, highest))
        inside = [tick for tick in TICKS if least < tick < most]
        below = [tick for tick in TICKS if tick <= least]
        above = [tick for tick in TICKS if tick >= most]
        self.ticks = [*below[-1:], *inside, *above[:1]]
        self._first = math.log(self.ticks[0])
        self._span = math.log(self.ticks[-1]) - self._first

    def __call__(self, value: float) -> float:
        """Return how far to the right a value is."""
        return LEFT + WIDTH * (math.log(value) - self._first) / self._span


def lowest(figures: list[Figure]) -> float:
    """Return the least of all."""
    return min(figure.least for figure in figures)


def highest(figures: list[Figure]) -> float:
    """Return the most of all."""
    return max(figure.most for figure in figures)


def mark(load: str, x: float, y: float) -> str:
    """Return the mark of a load: an empty circle, a full one, or a square."""
    if load == "crowd":
        return f'<rect x="{x - 5:.6g}" y="{y - 5:.6g}" width="10" height="10"/>'
    look = ' fill="none" stroke="currentColor" stroke-width="2"' * (load == "quiet")
    return f'<circle cx="{x:.6g}" cy="{y:.6g}" r="5.5"{look}/>'


def line(x: float, y: float, x2: float, y2: float, opacity: float) -> str:
    """Return a thin line."""
    ends = f'x1="{x:.6g}" y1="{y:.6g}" x2="{x2:.6g}" y2="{y2:.6g}"'
    return f'<line {ends} stroke="currentColor" stroke-opacity="{opacity}"/>'


def drawn(case: Case) -> str:
    """Return a row for each server, with a mark for each load."""
    costs = {
        peer: {load: case.figure(peer, metrics.cpu(load)) for load in LOADS}
        for peer in case.peers
    }
    scale = Scale([figure for row in costs.values() for figure in row.values()])
    bottom = TOP + HIGH * len(costs)
    shapes, words, x = [], [], float(LEFT)
    for load in LOADS:
        shapes += [mark(load, x, 14), written(x + 14, 18, load)]
        x += wide(load) + 40
    for tick in scale.ticks:
        shapes.append(line(scale(tick), TOP - 12, scale(tick), bottom, 0.2))
        shapes.append(small(scale(tick), bottom + 16, f"{tick:g}", "middle"))
    shapes.append(small(LEFT + WIDTH + 14, bottom + 16, "µs"))
    for number, (peer, figures) in enumerate(costs.items()):
        y = TOP + HIGH * number
        shapes.append(written(LEFT - 14, y + 4, peer, "end"))
        for load, figure in figures.items():
            shapes.append(line(scale(figure.least), y, scale(figure.most), y, 0.7))
            shapes.append(mark(load, scale(figure.median), y))
        told = ", ".join(f"{load} {figures[load].median:.2f}" for load in LOADS)
        words.append(f"{peer}: {told}.")
    alternative = "CPU time per delivery, in microseconds.\n" + "\n".join(words)
    return picture("costs", LEFT + WIDTH + 50, bottom + 24, alternative, shapes)


if __name__ == "__main__":
    print(drawn(Look(results.load(results.FULL)).every("headline")[0]))
