"""Tells Sphinx which pages to make again where it cannot know.

Sphinx sees that the text of a page has changed, or a file that the page has named to
it. Here is the rest: what every page can show, and what of one page stands on others.
So a book built again is the same as one built afresh.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from sphinx_book import notebooks
from sphinx_book.remembered import ROOT, state_of_all

# What a directive can show without having run it: each step, the behaviours, tables.
SHOWN = ("steps", "lab", "bench", "docs/_data", "docs/_ext")


def to_be_read(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    gone: set[str],
) -> list[str]:
    """Return all pages if something has changed that each can show.

    A notebook shows only what it has run; but it may have been run since.
    """
    now = f"{sys.version} {state_of_all(shown())}"
    pages = {name: Path(env.doc2path(name)) for name in env.found_docs}
    if now != getattr(env, "book_shown", ""):
        found = [name for name, path in pages.items() if path.suffix == ".rst"]
    else:
        found = []
    env.book_shown = now  # type: ignore[attr-defined]  # kept with the environment
    for name, path in pages.items():
        if path.suffix == ".ipynb" and not notebooks.run_of(path).is_known():
            found.append(name)
    return found


def shown() -> Iterator[Path]:
    """Yield the files that any page can show."""
    yield ROOT / "requirements.txt"
    for folder in SHOWN:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def to_be_written(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return all pages if something has changed that stands on pages of others.

    That are the titles in the table of contents beside each page, the targets of links,
    the terms of the glossary, and the names of the style sheets.
    """
    domain = env.domains.standard_domain
    static = [
        Path(folder, name)
        for top in app.config.html_static_path
        for folder, _, names in os.walk(ROOT / top)
        for name in names
    ]
    parts = (
        {name: title.astext() for name, title in sorted(env.titles.items())},
        sorted(domain.labels.items()),
        sorted(domain.anonlabels.items()),
        sorted(domain.objects.items()),
        sorted((name, str(tree)) for name, tree in env.tocs.items()),
        state_of_all([*static, ROOT / "conf.py"]),
    )
    now = hashlib.sha256(repr(parts).encode()).hexdigest()
    if now == getattr(env, "book_shared", ""):
        return []
    env.book_shared = now  # type: ignore[attr-defined]  # kept with the environment
    return sorted(env.found_docs)


def forget_failures(app: Sphinx, exception: Exception | None) -> None:
    """Let a book that had warnings be built afresh, or they would not come again."""
    if exception is not None or app.statuscode or app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
