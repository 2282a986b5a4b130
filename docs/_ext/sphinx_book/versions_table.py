"""``.. versions:: 05 closes_and_waits``: how each Python ends what is stopped how.

A page is built with one Python, so the rows come from a file that a command has
written, and the words under the table say so.
"""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from lab.stopping import versions
from lab.stopping.versions import Kept
from lab.stopping.ways import Outcome, Scenario
from sphinx_book import pyodide, running
from sphinx_book.computed import Computed
from sphinx_book.story_table import table


class Versions(Computed):
    """Show what came of all ways to stop these programs, a column for each Python.

    The arguments are numbers of steps and names of examples, to be found in
    ``lab.stopping.versions.WAYS``. ``:only:`` picks those of one kind of visitor and
    one signal: ``idle SIGINT``.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"only": directives.unchanged_required}

    def shown(self) -> list[nodes.Node]:
        """Return the table; the build fails where the file lacks an outcome."""
        self.env.note_dependency(str(versions.KEPT))
        known = versions.kept()
        programs = [program(self.env.docname, n) for n in self.arguments[0].split()]
        only = self.options.get("only", "")
        ways = [way for name in programs for way in stopped(name, only)]
        head = ["server", "stopped by, and connected", *known.versions]
        widths = [16, 24, *(60 // len(known.versions) for _ in known.versions)]
        shown = table(head, [], widths, "versions")
        body = next(iter(shown.findall(nodes.tbody)))
        body += [row(known, way) for way in ways]
        self.env.note_dependency(pyodide.__file__)
        below = [origin(known)]
        if words := in_these_pages(known, ways):
            below.append([nodes.Text(words)])
        return [
            shown,
            *(nodes.paragraph("", "", *each, classes=["origin"]) for each in below),
        ]


def program(page: str, name: str) -> str:
    """Return what WAYS calls the program that a page names."""
    return name if name.isdecimal() else running.example(page, name)


def stopped(program: str, only: str = "") -> list[Scenario]:
    """Return the ways to stop a program, or one kind; LookupError without any."""
    ways = [way for way in versions.WAYS if way.program == program]
    ways = [way for way in ways if way.name.endswith(only)]
    if not ways:
        way = f"has no way {only} to stop".replace("  ", " ")
        raise LookupError(f"lab/stopping/versions.py {way} {program!r}")
    return ways


def row(known: Kept, way: Scenario) -> nodes.row:
    """Return a row; LookupError for a Python on which this way was not tried.

    Where all Pythons do the same, they share a cell.
    """
    name = f"server{way.program}" if way.program.isdecimal() else way.program
    name = name.rpartition("/")[2]
    first = nodes.entry("", nodes.paragraph("", "", nodes.literal(name, name)))
    words = f"{way.key}: {way.clients}"
    shown = nodes.row("", first, nodes.entry("", nodes.paragraph(words, words)))
    outcomes = []
    for version in known.versions:
        if way.name not in known.outcomes[version]:
            again = "python -m lab versions --save"
            raise LookupError(f"{way.name} was not tried on {version}: {again}")
        outcomes.append(known.outcomes[version][way.name])
    if all(outcome == outcomes[0] for outcome in outcomes):
        shown += nodes.entry("", *cell(outcomes[0]), morecols=len(outcomes) - 1)
    else:
        shown += [nodes.entry("", *cell(outcome)) for outcome in outcomes]
    return shown


def cell(outcome: Outcome) -> list[nodes.Node]:
    """Return what became of the server, in bold if it hangs, and of its clients."""
    words = nodes.Text(outcome.words())
    told = nodes.strong("", "", words) if outcome.seconds is None else words
    shown: list[nodes.Node] = [nodes.paragraph("", "", told)]
    if outcome.saw:
        saw = f"Clients saw: {outcome.seen()}"
        shown.append(nodes.paragraph(saw, saw))
    return shown


def origin(known: Kept) -> list[nodes.Node]:
    """Return where the rows come from, in one sentence for readers.

    The rows are in docs/_data/versions.json; ``python -m lab versions --save`` renews
    them with every Python that it finds.
    """
    systems = " and ".join(sorted(set(known.platforms.values())))
    missing = f"; Python {' and '.join(known.missing)} was not tried"
    words = f"We recorded these runs on {systems}{missing * bool(known.missing)}."
    return [nodes.Text(words)]


def python_of_pyodide() -> str:
    """Return the version of Python that a Pyodide has, such as 3.14."""
    python = pyodide.VERSION.partition(".")[0]
    return f"{python[0]}.{python[1:]}"


def in_these_pages(known: Kept, ways: list[Scenario]) -> str:
    """Return why Pyodide's Python has no column, and what is known of it instead.

    Nothing where it has one, and where no way is about a step. tests/test_pyodide.py
    tries what this says.
    """
    python = python_of_pyodide()
    of_steps = any(way.program.isdecimal() for way in ways)
    if not of_steps or any(v.startswith(f"{python}.") for v in known.versions):
        return ""
    return (
        f"Python {python} (Pyodide), the one in these pages, has no column: inside a "
        "browser there are no processes and no signals. In the simulation, with no "
        "client connected, Ctrl-C ends every step there with exit status 0 and no "
        "output on stderr."
    )
