"""Gives the search of the site the entries of the index, of all pages.

Sphinx knows only the entries of the pages that it has just written, so after
a build in which nothing changed, the search would know none.
"""

from collections import defaultdict
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search import js_index
from sphinx.util.index_entries import split_index_msg

Found = tuple[int, str, bool]  # which page, where on it, and whether it is its subject


def complete(app: Sphinx, exception: Exception | None) -> None:
    """Write the entries of all pages into the finished search index."""
    path = Path(app.outdir) / "searchindex.js"
    if exception is not None or app.builder.format != "html" or not path.exists():
        return
    index = js_index.loads(path.read_text(encoding="utf-8"))
    entries: defaultdict[str, list[Found]] = defaultdict(list)
    for number, page in enumerate(index["docnames"]):
        for kind, value, target, main, _ in app.env.domains.index_domain.entries.get(
            page, []
        ):
            for word in split_index_msg(kind, value):
                entries[word.lower()].append((number, target, main == "main"))
    index["indexentries"] = dict(sorted(entries.items()))
    path.write_text(js_index.dumps(index), encoding="utf-8")
