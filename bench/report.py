"""What is printed: a line for each run, and tables of all."""

from collections.abc import Iterator, Mapping, Sequence

from bench.figures import Case, cases, cost, shown
from bench.runs import Run
from bench.table import table


def line(run: Run) -> str:
    """Return what one run came to, in a line."""
    head = f"round {run.round + 1}  {run.peer}, {run.crowd.members} members: "
    if run.answer.error is not None:
        return head + f"no figure: {run.answer.error}"
    parts = [f"{one.name} {cost(one):.2f}" for one in run.answer.measured]
    return head + ", ".join(parts) + " CPU s/1M"


def side_by_side(runs: Sequence[Run], base: str) -> str:
    """Return a table for each case: cost, speed, and the ratio to one server."""
    return "\n\n".join(f"{title(case)}\n{rows(case, base)}" for case in cases(runs))


def title(case: Case) -> str:
    """Return what a case is, in words."""
    return f"{case.phase}, {case.crowd.members} members"


def rows(case: Case, base: str) -> str:
    """Return the table of one case."""
    ratio = f"x {base}"
    head = ["server", "CPU s/1M deliveries", "deliveries/s", ratio, "generator busy"]
    return table(head, cells(case, base, ratio))


def cells(case: Case, base: str, ratio: str) -> Iterator[Mapping[str, str]]:
    """Yield a row for each server: figures, or why there are none."""
    for peer in case.peers:
        compared = base in case.peers
        yield {
            "server": peer,
            "CPU s/1M deliveries": shown(case.cpu(peer)),
            "deliveries/s": f"{case.speed(peer).median:,.0f}",
            ratio: shown(case.ratio(peer, base)) if compared else "",
            "generator busy": f"{case.generator(peer).median:.0%}",
        }
    for peer, why in case.failures.items():
        yield {"server": f"{peer}: no figure, {why}"}
