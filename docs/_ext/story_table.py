"""``.. story::``: the table of the steps, computed from their docstrings."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from lab import story
from lab.story import Step


class StoryTable(SphinxDirective):
    """Show every step with its sentence, what is new and what is still wrong."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        steps = story.steps()
        for step in steps:
            self.env.note_dependency(str(step.path))
        rows = [["step", "", "new", "still wrong"], *map(cells, steps)]
        group = nodes.tgroup("", cols=4)
        group += [nodes.colspec("", colwidth=width) for width in (12, 32, 32, 24)]
        group += nodes.thead("", row(rows[0]))
        group += nodes.tbody("", *(row(texts) for texts in rows[1:]))
        return [nodes.table("", group, classes=["story"])]


def cells(step: Step) -> list[str]:
    """Return what the table says of one step."""
    return [step.name, step.sentence, step.new, step.wrong]


def row(texts: list[str]) -> nodes.row:
    """Return a row of the table."""
    entries = (nodes.entry("", nodes.paragraph("", text)) for text in texts)
    return nodes.row("", *entries)
