"""``.. versions:: 05 closes_and_waits``: how each Python ends what is stopped how.

A page is built with one Python, so the rows come from a file that a command has
written, and the words under the table say so.
"""

from typing import ClassVar

from computed import Computed
from docutils import nodes
from story_table import table

from lab import versions
from lab.stopping import Outcome, Way
from lab.versions import Kept


class Versions(Computed):
    """Show what came of all ways to stop these programs, a column for each Python.

    The arguments are what ``lab.versions.WAYS`` calls the programs.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {}

    def shown(self) -> list[nodes.Node]:
        """Return the table; the build fails where the file lacks an outcome."""
        self.env.note_dependency(str(versions.KEPT))
        known = versions.kept()
        rows = []
        for program in self.arguments[0].split():
            ways = [way for way in versions.WAYS if way.program == program]
            if not ways:
                raise self.error(f"lab/versions.py has no way to stop {program!r}")
            rows += [row(known, way) for way in ways]
        head = ["the server", "is stopped", *known.versions]
        widths = [16, 24, *(60 // len(known.versions) for _ in known.versions)]
        shown = table(head, rows, widths, "versions", literal=[0])
        return [shown, nodes.paragraph("", "", *origin(known), classes=["origin"])]


def row(known: Kept, way: Way) -> list[str]:
    """Return a row; LookupError for a Python on which this way was not tried."""
    name = f"server{way.program}" if way.program.isdecimal() else way.program
    cells = []
    for version in known.versions:
        if way.name not in known.outcomes[version]:
            again = "python -m lab versions --save"
            raise LookupError(f"{way.name} was not tried on {version}: {again}")
        cells.append(cell(known.outcomes[version][way.name]))
    return [name, f"by {way.key}, with {way.company}", *cells]


def cell(outcome: Outcome) -> str:
    """Return what became of the server and of its clients."""
    saw = f". Clients saw: {outcome.seen()}" if outcome.saw else ""
    return f"{outcome.words()}{saw}"


def origin(known: Kept) -> list[nodes.Node]:
    """Return where the rows come from, and how they are renewed."""
    systems = " and ".join(sorted(set(known.platforms.values())))
    missing = f" Not at hand there: {', '.join(known.missing)}." * bool(known.missing)
    command = "python -m lab versions --save"
    return [
        nodes.Text(
            "These rows do not come from the build of this page, which has one Python "
            f"only, but from docs/versions.json, written on {systems} by "
        ),
        nodes.literal(command, command),
        nodes.Text(f", which tries all Pythons that it finds.{missing}"),
    ]
