"""Programs that run in the page: cells with *Run*, *Stop*, *Edit* and *Reset*.

A directive that shows a program adds ``cell(...)`` when it is marked ``:live:``. The
program is in the page already; ``_static/live/live.js`` puts the buttons under it.
Without a script, or when Pyodide could not be had, the page reads as if nothing were
marked.
"""

import html
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def cell(
    env: Any, name: str, source: str, *, check: str = "", beside: str = ""
) -> list[nodes.Node]:
    """Return the cell of a program, or nothing in a book without Python in it.

    ``name`` is what the reader knows the program by. ``check`` is the number of the
    step that it is to become: then the cell has a button *Check* as well. ``beside`` is
    the step that has to be running in a cell above it.
    """
    if not available(env.app):
        return []
    used: dict[str, int] = env.temp_data.setdefault("book_cells", {})
    stem = re.sub(r"\W+", "-", name).strip("-")
    used[stem] = used.get(stem, 0) + 1
    number = f"-{used[stem]}" if used[stem] > 1 else ""
    attributes = {
        "id": f"live-{stem}{number}",
        "data-title": name,
        "data-check": check,
        "data-beside": beside,
    }
    written = " ".join(f'{k}="{html.escape(v)}"' for k, v in attributes.items() if v)
    text = html.escape(source, quote=False)
    return [
        nodes.raw(
            "",
            f'<div class="live" {written}><pre class="live-source">{text}</pre></div>',
            format="html",
        )
    ]


def available(app: Sphinx) -> bool:
    """Whether the site that is being built has a Python in it."""
    return app.config.book_pyodide is not None
