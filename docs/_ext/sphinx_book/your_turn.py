"""``.. your-turn:: 02``: the place to begin at, to be changed and checked here.

That is the step before. With ``:itself:`` it is the step, to be broken on purpose.
"""

from docutils import nodes
from docutils.parsers.rst import directives

from lab import story
from lab.course import changes, exercise
from sphinx_book import live
from sphinx_book.computed import Computed

WORDS = (
    "Or do it here: change the program, and press Check. The same checks "
    "run here, in the page, and you don't have to install anything."
)


class YourTurn(Computed):
    """Show a cell with the step before, and a button that checks what became of it.

    In a book without Python in it there is nothing to show: the text above it says how
    to do the same in a terminal.
    """

    required_arguments = 1
    option_spec = {"itself": directives.flag}  # noqa: RUF012 - docutils reads it

    def shown(self) -> list[nodes.Node]:
        """Return the cell; NoExercise if there is no step before."""
        step = story.find(self.arguments[0])
        self.env.note_dependency(str(step.path))
        itself = "itself" in self.options
        program = changes.source(step) if itself else exercise.beginning(step)
        cell = live.cell(self.env, "mine.py", program, check=step.number)
        return [nodes.paragraph(WORDS, WORDS), *cell] if cell else []
