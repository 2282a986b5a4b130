"""``.. story::``: the table of the steps, computed from their docstrings."""

from collections.abc import Sequence

from docutils import nodes

from lab import story
from sphinx_book.computed import Computed


class StoryTable(Computed):
    """Show every step with its sentence, what is new and what is still wrong."""

    def shown(self) -> list[nodes.Node]:
        """Return the table."""
        steps = story.steps()
        for step in steps:
            self.env.note_dependency(str(step.path))
        head = ["step", "what it does", "new", "still wrong"]
        rows = [[step.name, step.sentence, step.new, step.wrong] for step in steps]
        return [table(head, rows, [12, 32, 32, 24], "story")]


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    name: str,
    literal: Sequence[int] = (),
) -> nodes.table:
    """Return a table; the columns whose numbers are in ``literal`` hold code."""
    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec("", colwidth=width) for width in widths]
    group += nodes.thead("", row(head, ()))
    group += nodes.tbody("", *(row(texts, literal) for texts in rows))
    return nodes.table("", group, classes=[name])


def row(texts: Sequence[str], literal: Sequence[int]) -> nodes.row:
    """Return a row of a table."""
    return nodes.row(
        "",
        *(
            nodes.entry(
                "",
                nodes.paragraph(
                    "",
                    "",
                    nodes.literal(text, text)
                    if column in literal
                    else nodes.Text(text),
                ),
            )
            for column, text in enumerate(texts)
        ),
    )
