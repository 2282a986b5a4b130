"""The Sphinx extension of the book: all that is computed while it is built.

Each directive lives in a module of its own; this one names them to Sphinx.
"""

from pathlib import Path

import output
import picture
import story_table
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FRONT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="refresh" content="0; url=docs/index.html"></head>
<body><p><a href="docs/index.html">{title}</a></p></body></html>
"""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known."""
    app.add_directive("output", output.Output)
    app.add_directive("picture", picture.Picture)
    app.add_directive("story", story_table.StoryTable)
    app.connect("build-finished", lead_to_the_book)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lead_to_the_book(app: Sphinx, exception: Exception | None) -> None:
    """Write the page that lies at the site's root and leads to the book."""
    if exception is None and app.builder.format == "html":
        page = FRONT.format(title=app.config.html_title)
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")
