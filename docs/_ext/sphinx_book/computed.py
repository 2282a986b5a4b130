"""What our directives have in common: where they cannot go on, the build says where."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from sphinx_book import running


class Computed(SphinxDirective):
    """A directive that shows what it finds in the files of the repository."""

    def run(self) -> list[nodes.Node]:
        """Return what is shown; the build fails at this place if there is no such."""
        try:
            return self.shown()
        except (
            LookupError,
            ValueError,
            SyntaxError,
            running.ExampleFailed,
        ) as error:
            raise self.error(str(error)) from error

    def shown(self) -> list[nodes.Node]:
        """Return what is shown; LookupError or ValueError for what is not there."""
        raise NotImplementedError
