"""``.. measured:: headline`` and ``:measured:`busy server09```: what was measured.

A page is built on a machine that builds pages, which measures nothing well. So the
figures come from a file that a command has written. Nobody types one.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxRole

from bench import figures, metrics, results
from bench.figures import Case
from bench.goals import verdicts
from bench.query import LOADS, SIZES, WHERE, Look, brief
from bench.results import FULL
from sphinx_book.computed import Computed
from sphinx_book.story_table import table

COMMAND = 'make bench ARGS="--out bench/results/full.json"'

Row = list[str]
HEADS = {
    "p50": "p50, ms",
    "p99": "p99, ms",
    "p99.9": "p99.9, ms",
    "worst": "worst, ms",
    "late": "generator late by (p99), ms",
    "memory": "KiB per connection",
    "accepted": "accepted per second",
    "accepting": "CPU time for each, µs",
    "heard": "received by the nine readers, %",
    "growth": "memory grew by, MiB",
    "left": "memory at the end, MiB",
    "dropped": "disconnected after, s",
}
COLUMNS = {
    "latency": ("p50", "p99", "p99.9", "worst", "late"),
    "idle": ("memory", "accepted", "accepting"),
    "silent": ("heard", "p99", "growth", "left", "dropped"),
}


@cache
def looked_at(path: Path, changed: float) -> Look:
    """Return what is in a file that was last changed then."""
    return Look(results.load(path))


def look() -> Look:
    """Return what is in the file; OSError or ValueError if it cannot be read."""
    return looked_at(FULL, FULL.stat().st_mtime)


class Measured(Computed):
    """Show a table of what was measured.

    The argument is an experiment, or ``origin``, ``servers``, ``goals``, ``times``.
    The content of the last is a comparison on each line: ``server09 over server06``.
    ``:load:`` names one load of the headline, or of what grows.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"load": directives.unchanged_required}

    def shown(self) -> list[nodes.Node]:
        """Return the table; the build fails where the file lacks a figure."""
        self.env.note_dependency(str(FULL))
        kind, known = self.arguments[0], look()
        if kind == "origin":
            return [origin(known)]
        if kind == "servers":
            return servers(known)
        head, rows, widths = self.rows(kind, known)
        literal = () if kind == "times" else (0,)
        return [table(head, rows, widths, f"measured {kind}", literal)]

    def rows(self, kind: str, known: Look) -> tuple[Row, list[Row], Sequence[int]]:
        """Return the head, the rows and the widths; LookupError for another kind."""
        load = self.options.get("load", "")
        if kind == "goals":
            return goals(known)
        if kind == "times":
            return times(known, list(self.content))
        if kind == "headline":
            return headline(known, load)
        if kind in COLUMNS:
            return plain(known, kind)
        if kind in SIZES:
            return growing(known, kind, load)
        raise LookupError(f"no table is called {kind!r}")


class Figure(SphinxRole):
    """``:measured:`busy server09 over websockets```: a figure in a sentence.

    What can be asked for is in ``bench/query.py``; ``rounds`` and ``generator``, too.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the figure; the build fails if there is no such."""
        self.env.note_dependency(str(FULL))
        try:
            words = said(look(), self.text)
        except (LookupError, ValueError) as error:
            words = f"measured: {error}"
            message = self.inliner.reporter.error(words, line=self.lineno)
            shown = self.inliner.problematic(self.rawtext, self.rawtext, message)
            return [shown], [message]
        return [nodes.Text(words)], []


def said(known: Look, request: str) -> str:
    """Return what a sentence asks for; LookupError if there is no such figure."""
    if request == "rounds":
        return str(known.rounds)
    if request == "generator":
        return f"{known.busiest().median:.0f}"
    if request == "newest":
        return known.newest.removeprefix("server")
    return known.said(request)


def origin(known: Look) -> nodes.paragraph:
    """Return where the figures come from, and how they are renewed."""
    machine = known.results.machine
    cores = "the server on one, the generator on another" * bool(machine["pinned"])
    where = (
        f"Measured {known.results.made}: {machine['processor']}, "
        f"{machine['cores']} cores{', ' * bool(cores)}{cores}; {machine['system']}, "
        f"Python {machine['python']}; a load of {machine['load']:.1f} when it began. "
    )
    gone = [f"{name}: {why}" for name, why in known.results.missing.items()]
    left_out = f" Left out, {'; '.join(gone)}." * bool(gone)
    return nodes.paragraph(
        "",
        "",
        nodes.Text(f"{where}The file is bench/results/full.json, written by "),
        nodes.literal(COMMAND, COMMAND),
        nodes.Text(f".{left_out}"),
        classes=["origin"],
    )


def servers(known: Look) -> list[nodes.Node]:
    """Return what is the same and what differs in the work of each server."""
    shown: list[nodes.Node] = []
    every = known.results.servers
    for same in dict.fromkeys(one.same for one in every):
        strong = nodes.strong("", "The work of these servers: ")
        shown.append(nodes.paragraph("", "", strong, nodes.Text(f"{same}.")))
        body = [
            [one.name, one.different.removesuffix("."), one.version]
            for one in every
            if one.same == same
        ]
        head = ["server", "difference", "version"]
        shown.append(table(head, body, [26, 48, 26], "measured servers", (0,)))
    return [*shown, lifted(known)]


def lifted(known: Look) -> nodes.paragraph:
    """Return which limits were lifted, and to what."""
    limits = {
        name: value
        for one in known.results.servers
        for name, value in one.settings.items()
    }
    words = ", ".join(f"{name} to {value}" for name, value in limits.items())
    text = f"We raised these limits, where a step has them: {words}."
    return nodes.paragraph(text, text, classes=["origin"])


def goals(known: Look) -> tuple[Row, list[Row], Sequence[int]]:
    """Return each goal, what was measured, and what is in the way of it."""
    head = ["server", "goal", "measured", "kept or missed, and why"]
    body = [
        [
            one.whose,
            f"{one.goal.what}, {one.goal.wanted}",
            "" if one.value is None else f"{one.value:.2f}",
            f"{one.words}: {one.why}" if one.why else one.words,
        ]
        for one in verdicts(known)
    ]
    return head, body, [22, 30, 10, 38]


def times(known: Look, wanted: Sequence[str]) -> tuple[Row, list[Row], Sequence[int]]:
    """Return by how much a server does better than another, under each load."""
    body = []
    for line in wanted:
        peer, other = (known.named(name) for name in line.split(" over "))
        row = [f"{peer} over {other}"]
        for load in LOADS:
            figure = known.times(load, peer, other)
            spread = f"{brief(figure.least)} to {brief(figure.most)}"
            row.append(f"{brief(figure.median)} ({spread})")
        body.append(row)
    return ["deliveries for the same CPU time", *LOADS], body, [40, 20, 20, 20]


def headline(known: Look, load: str) -> tuple[Row, list[Row], Sequence[int]]:
    """Return what a delivery costs each server under one load."""
    (case,) = known.every("headline")
    head = ["server", "µs per delivery", "times websockets", "deliveries per second"]
    body = []
    for peer in case.peers:
        cost = case.figure(peer, metrics.cpu(load))
        ratio = case.ratio(peer, "websockets", metrics.cpu(load))
        speed = case.figure(peer, metrics.speed(load))
        row = [cost.shown(digits(cost)), ratio.shown(digits(ratio))]
        body.append([peer, *row, f"{speed.median:,.0f}"])
    body += [[peer, f"no figure: {why}", "", ""] for peer, why in case.failures.items()]
    return head, body, [26, 26, 28, 20]


def shown(figure: figures.Figure, most: int) -> str:
    """Return a figure, with one more digit where it is small and not a whole number."""
    return figure.shown(digits(figure) if most else 0)


def digits(figure: figures.Figure) -> int:
    """Return how many digits are worth showing behind the point."""
    return 2 if figure.median < 2 else 1


def growing(known: Look, kind: str, load: str) -> tuple[Row, list[Row], Sequence[int]]:
    """Return what a delivery costs when something grows: a column for each size."""
    every = known.every(kind)
    sizes = [f"{vars(case.load)[SIZES[kind]]:,}" for case in every]
    heads = {"sizes": "characters"}
    head = [f"{load}, µs; {heads.get(kind, kind)}:", *sizes]
    peers = dict.fromkeys(peer for case in every for peer in case.peers)
    body = [[peer, *cells(every, peer, load)] for peer in peers]
    return head, body, [28, *(72 // len(sizes) for _ in sizes)]


def cells(every: Sequence[Case], peer: str, load: str) -> Iterator[str]:
    """Yield what a delivery costs a server in each case, or nothing."""
    for case in every:
        has = peer in case.peers
        figure = case.figure(peer, metrics.cpu(load)) if has else None
        yield "" if figure is None else figure.shown(digits(figure))


def plain(known: Look, kind: str) -> tuple[Row, list[Row], Sequence[int]]:
    """Return a row for each server, with the figures that one experiment has."""
    names = COLUMNS[kind]
    case = known.every(kind)[-1]
    body = [
        [
            peer,
            *(
                shown(case.figure(peer, WHERE[name].pick), WHERE[name].digits)
                for name in names
            ),
        ]
        for peer in case.peers
    ]
    body += [
        [peer, f"no figure: {why}", *[""] * (len(names) - 1)]
        for peer, why in case.failures.items()
    ]
    widths = [22, *(78 // len(names) for _ in names)]
    return ["server", *(HEADS[name] for name in names)], body, widths
