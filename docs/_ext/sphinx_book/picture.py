"""``.. picture:: talk.py``: an inline SVG that an example draws from a run."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from sphinx_book import live, running
from sphinx_book.computed import Computed


class Picture(Computed):
    """Show the SVG that an example prints; the content of the directive is its caption.

    The picture is part of the page, so it takes the page's colours, light and dark.
    ``:live:`` lets the reader draw it anew in the page.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"live": directives.flag}

    def shown(self) -> list[nodes.Node]:
        """Run the example; the build fails if it prints no SVG."""
        name = running.example(self.env.docname, self.arguments[0])
        svg = running.show(self, running.Run(name)).strip()
        if not (svg.startswith("<svg") and svg.endswith("</svg>")):
            raise self.error(f"docs/examples/{name} prints no SVG")
        picture = nodes.raw("", f'<div class="picture">{svg}</div>', format="html")
        caption = nodes.caption("", "", *self.parse_inline(" ".join(self.content))[0])
        figure = nodes.figure("", picture, caption, classes=["picture"])
        if "live" not in self.options:
            return [figure]
        source = (running.EXAMPLES / name).read_text(encoding="utf-8")
        return [figure, *live.cell(self.env, self.arguments[0], source)]
