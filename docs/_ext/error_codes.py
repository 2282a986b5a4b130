"""``.. error-codes::``: the table of the codes, made of the definition in utils02."""

from computed import Computed
from docutils import nodes
from story_table import table

from lab.codes import codes


class ErrorCodes(Computed):
    """Show each code with its sentence."""

    def shown(self) -> list[nodes.Node]:
        """Return the table."""
        rows = list(codes().items())
        return [table(["code", "detail"], rows, [25, 75], "error-codes", literal=[0])]
