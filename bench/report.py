"""What is printed: a line for each run, and tables for each question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench import metrics
from bench.cases import EXPERIMENTS, Experiment
from bench.figures import Case, cases
from bench.goals import verdicts
from bench.metrics import Pick
from bench.query import Look
from bench.results import Results
from bench.runs import Run
from bench.table import table

Tables = Callable[[Sequence[Case], str], Iterator[str]]


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, and where its figures come from."""

    head: str
    pick: Pick
    digits: int = 2


def line(run: Run) -> str:
    """Return what one run came to, in a line."""
    load = run.load
    crowd = f"{load.members} in {load.rooms} room{'s'[: load.rooms > 1]}"
    said = f"{run.experiment}, round {run.round + 1}, {run.peer}, {crowd}"
    return f"{said}: {run.answer.error or metrics.summary(run.answer)}"


def report(results: Results, base: str) -> str:
    """Return all that was measured: tables, with ratios to one of the servers."""
    parts = [heading(results)]
    for experiment in EXPERIMENTS:
        own = [run for run in results.runs if run.experiment == experiment.name]
        if own:
            parts.append(answer_to(experiment, own, base))
    if lines := goals(results):
        parts.append(lines)
    parts.append(servers(results))
    return "\n\n".join(parts)


def heading(results: Results) -> str:
    """Return when and on what machine it was measured, and how to read it."""
    machine = results.machine
    pinned = (
        "server and generator on a core each" if machine["pinned"] else "not pinned"
    )
    return (
        f"{results.made}: {machine['processor']}, {machine['cores']} cores, {pinned}; "
        f"{machine['system']}; the load was {machine['load']:.1f} when it began\n"
        "Medians over the rounds, with the least and the most in brackets. Ratios are "
        "of deliveries per CPU second, round by round: more is better."
    )


def goals(results: Results) -> str:
    """Return which goals were kept and which missed, of those that were measured."""
    rows = [
        {
            "server": one.whose,
            "goal": f"{one.goal.what}, {one.goal.wanted}",
            "measured": f"{one.value:.2f}",
            "": one.words,
        }
        for one in verdicts(Look(results))
        if one.value is not None
    ]
    return table("goals", rows) if rows else ""


def servers(results: Results) -> str:
    """Return what is to be said beside each row."""
    lines = []
    for one in results.servers:
        lines.append(f"{one.name} ({one.version})")
        lines.append(f"  its work: {one.same}")
        if one.different:
            lines.append(f"  difference: {one.different}")
        if one.settings:
            lifted = ", ".join(f"{k}={v}" for k, v in one.settings.items())
            lines.append(f"  limits lifted: {lifted}")
    lines += [f"{name} is left out: {why}" for name, why in results.missing.items()]
    return "\n".join(lines)


def failures(results: Results) -> list[str]:
    """Return a line for each run that has no figure."""
    return [line(run) for run in results.runs if run.answer.error is not None]


def answer_to(experiment: Experiment, runs: Sequence[Run], base: str) -> str:
    """Return the answer to one question: tables, and who has no figure and why."""
    measured = cases(runs)
    failed = {
        f"{peer}: no figure, {why}"
        for case in measured
        for peer, why in case.failures.items()
    }
    tables = _TABLES[experiment.name](measured, base)
    return "\n".join([f"## {experiment.question}", *tables, *sorted(failed)])


def side_by_side(measured: Sequence[Case], base: str) -> Iterator[str]:
    """Yield a table for each phase: cost, ratio to one server, speed."""
    for case in measured:
        names = [phase.name for phase in case.load.phases]
        for name in names:
            cost = metrics.cpu(name)
            columns = [
                Column("CPU µs per delivery", cost),
                Column("deliveries per second", metrics.speed(name), 0),
                Column("generator %", metrics.generator(name), 0),
            ]
            rows = [
                {**row, f"x {base}": case.ratio(peer, base, cost).shown()}
                if base in case.peers
                else row
                for peer, row in zip(case.peers, filled(case, columns), strict=True)
            ]
            yield table(name, rows)
        if case.peers:
            yield the_generator(case, names)


def the_generator(case: Case, phases: Sequence[str]) -> str:
    """Return what shows whether any server had to wait for the generator."""
    each = [(peer, name) for peer in case.peers for name in phases]
    at_work = {e: case.figure(e[0], metrics.generator(e[1])).median for e in each}
    speed = {e: case.figure(e[0], metrics.speed(e[1])).median for e in each}
    busiest, fastest = (
        max(each, key=at_work.__getitem__),
        max(each, key=speed.__getitem__),
    )
    return (
        f"The generator was at work for {at_work[busiest]:.0f} % of the time at most "
        f"({', '.join(busiest)}), and took up to {speed[fastest]:,.0f} deliveries a "
        f"second ({', '.join(fastest)})."
    )


def growing(what: str) -> Tables:
    """Return what makes tables of the loads of which one size grows."""

    def tables(measured: Sequence[Case], _: str) -> Iterator[str]:
        peers = list(dict.fromkeys(peer for case in measured for peer in case.peers))
        for name in [phase.name for phase in measured[0].load.phases]:
            rows: list[dict[str, str]] = [{"server": peer} for peer in peers]
            for case in measured:
                size = f"{what} {vars(case.load)[what]:,}"
                for row in rows:
                    if row["server"] in case.peers:
                        figure = case.figure(row["server"], metrics.cpu(name))
                        row[size] = figure.shown()
            yield table(f"{name}, CPU µs per delivery", rows)

    return tables


def plain(columns: Sequence[Column]) -> Tables:
    """Return what makes a table with these columns of each load."""

    def tables(measured: Sequence[Case], _: str) -> Iterator[str]:
        for case in measured:
            load = case.load
            if case.peers:
                yield table(
                    f"{load.members * load.rooms} members", filled(case, columns)
                )

    return tables


def filled(case: Case, columns: Sequence[Column]) -> list[Mapping[str, str]]:
    """Return a row for each server that has figures."""
    return [
        {
            "server": peer,
            **{
                column.head: case.figure(peer, column.pick).shown(column.digits)
                for column in columns
            },
        }
        for peer in case.peers
    ]


_TABLES: dict[str, Tables] = {
    "headline": side_by_side,
    "members": growing("members"),
    "sizes": growing("text"),
    "rooms": growing("rooms"),
    "latency": plain(
        [
            Column("p50 ms", metrics.delay(0)),
            Column("p99 ms", metrics.delay(1)),
            Column("p99.9 ms", metrics.delay(2)),
            Column("worst ms", metrics.delay(3)),
            Column("generator late ms", metrics.late),
        ]
    ),
    "idle": plain(
        [
            Column("KiB a connection", metrics.memory_each),
            Column("connections/s", metrics.admitted, 0),
            Column("CPU us a connection", metrics.cpu_each, 0),
        ]
    ),
    "silent": plain(
        [
            Column("heard by the others %", metrics.share, 1),
            Column("p99 ms", metrics.delay(1), 1),
            Column("memory grows MiB", metrics.growth, 1),
            Column("at the end MiB", metrics.growth_left, 1),
            Column("hung up on after s", metrics.dropped, 1),
        ]
    ),
}
