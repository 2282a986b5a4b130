"""``.. error-codes::``: the table of the codes, made of the definition in utils02.

Since when each of them is used is seen from the steps themselves.
"""

from docutils import nodes

from lab import story
from lab.course.error_codes import codes, since
from sphinx_book.computed import Computed
from sphinx_book.story_table import table


class ErrorCodes(Computed):
    """Show each code with its sentence, and the step that is the first to use it."""

    def shown(self) -> list[nodes.Node]:
        """Return the table."""
        for step in story.steps():
            self.env.note_dependency(str(step.path))
        rows = [[code, detail, since(code)] for code, detail in codes().items()]
        head = ["code", "detail", "since"]
        return [table(head, rows, [25, 63, 12], "error-codes", literal=[0])]
