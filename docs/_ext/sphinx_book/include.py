"""``.. literalinclude:: turns.py``: a piece of a program, found where others are."""

from docutils import nodes
from sphinx.directives.code import LiteralInclude

from sphinx_book import running


class Include(LiteralInclude):
    """Sphinx's own directive, which finds examples where all of ours find them.

    A path that begins with a slash is one in the repository, as it is for Sphinx.
    """

    def run(self) -> list[nodes.Node]:
        """Return the quotation; Sphinx warns where there is no such file."""
        name = self.arguments[0]
        if not name.startswith("/"):
            own = running.example(self.env.docname, name)
            self.arguments[0] = f"/docs/examples/{own}"
        return super().run()
