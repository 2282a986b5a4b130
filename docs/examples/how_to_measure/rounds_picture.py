"""Draws the cost of a delivery for two servers, round by round, and the ratio."""

from bench import metrics, results
from bench.figures import Case
from bench.query import Look
from lab.pictures.drawing import picture, small, ticks, wide, written

LOAD, OURS, THEIRS = "quiet", "server09", "websockets"
LEFT, WIDTH, HIGH, APART = 60, 540, 110, 54  # pixels
TOP = 40

Line = list[tuple[float, float]]


class Panel:
    """A diagram from nothing up to the most; a value for each round."""

    def __init__(self, top: float, title: str, values: list[list[float]]) -> None:
        self.top, self.title, self.values = top, title, values
        self.most = max(max(column) for column in values)

    def place(self, number: int, value: float, rounds: int) -> tuple[float, float]:
        """Return where a value is."""
        x = LEFT + WIDTH * (number + 0.5) / rounds
        return x, self.top + HIGH * (1 - value / self.most)

    def shapes(self, dashes: list[str]) -> list[str]:
        """Return axes, a line for each server, and a dot for each value."""
        shapes = [written(LEFT, self.top - 12, self.title)]
        for tick in ticks(self.most, 3):
            y = self.top + HIGH * (1 - tick / self.most)
            shapes.append(
                f'<line x1="{LEFT}" y1="{y:.6g}" x2="{LEFT + WIDTH}" y2="{y:.6g}" '
                f'stroke="currentColor" stroke-opacity="0.2"/>'
            )
            shapes.append(small(LEFT - 8, y + 4, f"{tick:g}", "end"))
        for dash, column in zip(dashes, self.values, strict=True):
            places = [self.place(n, v, len(column)) for n, v in enumerate(column)]
            shapes.append(joined(places, dash))
            shapes += [f'<circle cx="{x:.6g}" cy="{y:.6g}" r="4"/>' for x, y in places]
        return shapes


def joined(places: Line, dash: str) -> str:
    """Return a line through these points."""
    points = " ".join(f"{x:.6g},{y:.6g}" for x, y in places)
    more = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="currentColor"{more}/>'


def drawn(case: Case) -> str:
    """Return two diagrams, one above the other."""
    costs = [case.values(peer, metrics.cpu(LOAD)) for peer in (THEIRS, OURS)]
    ratios = [theirs / ours for theirs, ours in zip(*costs, strict=True)]
    rounds = len(ratios)
    panels = [
        Panel(TOP, "CPU time per delivery, µs", costs),
        Panel(TOP + HIGH + APART, "websockets divided by server09", [ratios]),
    ]
    shapes = panels[0].shapes(["4 3", ""]) + panels[1].shapes([""])
    bottom = TOP + 2 * HIGH + APART
    for number in range(rounds):
        x = panels[1].place(number, 0, rounds)[0]
        shapes.append(small(x, bottom + 18, f"round {number + 1}", "middle"))
    x = LEFT + WIDTH - wide(f"{THEIRS}  {OURS}") - 50.0
    for name, dash in ((THEIRS, "4 3"), (OURS, "")):
        shapes.append(joined([(x, TOP - 16), (x + 24, TOP - 16)], dash))
        shapes.append(written(x + 30, TOP - 12, name))
        x += 44 + wide(name)
    told = [
        f"Round {number + 1}: {THEIRS} {one:.2f}, {OURS} {other:.2f}, {ratio:.2f}."
        for number, (one, other, ratio) in enumerate(zip(*costs, ratios, strict=True))
    ]
    alternative = f"Microseconds for a delivery, {LOAD}.\n" + "\n".join(told)
    return picture("rounds", LEFT + WIDTH + 10, bottom + 26, alternative, shapes)


if __name__ == "__main__":
    print(drawn(Look(results.load(results.FULL)).every("headline")[0]))
