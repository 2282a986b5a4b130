"""Draws the cost of a delivery as rooms, their number or the messages grow."""

import math

from bench import metrics, results
from bench.figures import Case
from bench.query import SIZES, Look
from docs.examples.how_to_measure.rounds_picture import OURS, THEIRS, joined
from lab.pictures.drawing import picture, small, wide, written

LOAD = "quiet"
TITLES = {"members": "members", "rooms": "rooms of 10", "sizes": "characters"}
DASHES = {THEIRS: "4 3", OURS: ""}
LEFT, TOP, HIGH, WIDTH, APART = 46, 58, 170, 170, 32  # pixels; a panel, and between two
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # µs

Costs = dict[str, list[float]]


def costs_of(cases: list[Case]) -> Costs:
    """Return what a delivery costs each server, from the smallest to the largest."""
    return {
        peer: [case.figure(peer, metrics.cpu(LOAD)).median for case in cases]
        for peer in DASHES
    }


def height(value: float, least: float, most: float) -> float:
    """Return how far down a value is: each distance stands for a factor."""
    return TOP + HIGH * math.log(most / value) / math.log(most / least)


def panel(left: float, sizes: list[str], costs: Costs, ends: tuple[int, int]) -> str:
    """Return the lines of all servers, with the sizes below them."""
    step = (WIDTH - 24) / (len(sizes) - 1)
    across = [left + 12 + step * number for number in range(len(sizes))]
    shapes = []
    for tick in TICKS:
        if ends[0] <= tick <= ends[1]:
            y = height(tick, *ends)
            shapes.append(joined([(left, y), (left + WIDTH, y)], "1 3"))
            if left == LEFT:
                shapes.append(small(left - 8, y + 4, f"{tick:g}", "end"))
    for peer, values in costs.items():
        places = [(x, height(v, *ends)) for x, v in zip(across, values, strict=True)]
        shapes.append(joined(places, DASHES[peer]))
        shapes += [f'<circle cx="{x:.6g}" cy="{y:.6g}" r="4"/>' for x, y in places]
    for x, size in zip(across, sizes, strict=True):
        shapes.append(small(x, TOP + HIGH + 18, size, "middle"))
    return "".join(shapes)


def drawn(look: Look) -> str:
    """Return three diagrams side by side, with the same scale upwards."""
    every = {kind: list(look.every(kind)) for kind in TITLES}
    costs = {kind: costs_of(cases) for kind, cases in every.items()}
    all_of_them = [v for of in costs.values() for values in of.values() for v in values]
    ends = (
        max(tick for tick in TICKS if tick <= min(all_of_them)),
        min(tick for tick in TICKS if tick >= max(all_of_them)),
    )
    shapes, words = [written(LEFT, 18, "CPU time per delivery, µs")], []
    x = LEFT + 300.0
    for peer, dash in DASHES.items():
        shapes += [joined([(x, 14), (x + 24, 14)], dash), written(x + 30, 18, peer)]
        x += 50 + wide(peer)
    for number, (kind, title) in enumerate(TITLES.items()):
        left = LEFT + number * (WIDTH + APART)
        sizes = [f"{vars(case.load)[SIZES[kind]]:,}" for case in every[kind]]
        shapes.append(small(left, TOP - 12, title))
        shapes.append(panel(left, sizes, costs[kind], ends))
        for peer, values in costs[kind].items():
            told = ", ".join(f"{v:.2f}" for v in values)
            words.append(f"{peer}, {title} {', '.join(sizes)}: {told}.")
    width = LEFT + 3 * WIDTH + 2 * APART
    alternative = f"Microseconds for a delivery, {LOAD}.\n" + "\n".join(words)
    return picture("growing", width + 16, TOP + HIGH + 26, alternative, shapes)


if __name__ == "__main__":
    print(drawn(Look(results.load(results.FULL))))
