"""What each page says of itself: how long it takes, and which words it teaches.

A page names the terms that it teaches in a field, ``:New words:``. They become main
entries of the index, so a search for one of them finds the page. A later page may teach
more of the same term, so readers see the field as *Terms*. Functions and classes
of Python that a page links to become entries as well.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from sphinx_book.listing import Listing

NEW_WORDS = "New words"
SHOWN_AS = "Terms"

# How long a reader needs. Nobody was measured: these are an editor's estimate.
WORDS = 200.0  # a minute
CODE = 4.0  # seconds a line
PRINTED = 1.5  # seconds a line of what a program printed
PICTURE = 30.0  # seconds
WHOLE_STEP = 90.0  # seconds to skim it: its parts were read before


class Facts(SphinxTransform):
    """Adds to a page how long it takes, and its entries of the index."""

    default_priority = 840  # before Sphinx collects the entries

    def apply(self, **_: Any) -> None:
        """Change the page, unless it is the start page or a notebook."""
        doctree, page = self.document, self.env.docname
        section = next(iter(doctree.findall(nodes.section)), None)
        of_ours = page.startswith("docs/") and page != self.config.root_doc
        if section is None or not of_ours:
            return
        # A page without facts is one to look things up in.
        if (facts := next(doctree.findall(nodes.field_list), None)) is not None:
            facts += field("Reading time", shown(minutes(doctree)))
        section.insert(1, index(section, doctree))
        for name in doctree.findall(nodes.field_name):
            if name.astext() == NEW_WORDS:
                name.children = [nodes.Text(SHOWN_AS)]


def field(name: str, text: str) -> nodes.field:
    """Return one of the facts at the beginning of a page."""
    body = nodes.field_body("", nodes.paragraph(text, text))
    return nodes.field("", nodes.field_name(name, name), body)


def shown(minutes: float) -> str:
    """Return a time as a reader says it."""
    return "a minute" if minutes < 1.5 else f"about {minutes:.0f} minutes"


def minutes(doctree: nodes.document) -> float:
    """Return how many minutes a page takes; what is folded away is left out."""
    seconds = 0.0
    for node in open_nodes(doctree):
        if isinstance(node, Listing):
            seconds += WHOLE_STEP
        elif isinstance(node, nodes.literal_block):
            lines = node.astext().count("\n") + 1
            seconds += lines * (PRINTED if "output" in node["classes"] else CODE)
        elif isinstance(node, nodes.figure):
            seconds += PICTURE
        elif isinstance(node, nodes.paragraph | nodes.caption):
            seconds += 60 * len(node.astext().split()) / WORDS
    return max(1.0, seconds / 60)


def open_nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the nodes below one, without what is folded away or shown once more."""
    for child in node.children:
        if not (isinstance(child, nodes.Element) and is_passed_over(child)):
            yield child
            yield from open_nodes(child)


def is_passed_over(node: nodes.Element) -> bool:
    """Whether a reader passes over this: it is folded, or shown once more."""
    return bool(node.get("collapsible")) or "again" in node["classes"]


def index(section: nodes.section, doctree: nodes.document) -> addnodes.index:
    """Return the entries of a page: its new words, and what it names of Python."""
    target = section["ids"][0]
    entries = [("single", word, target, "main", None) for word in new_words(doctree)]
    for name in sorted(of_python(doctree)):
        entries.append(("single", name, target, "", None))
    return addnodes.index(entries=entries)


def new_words(doctree: nodes.document) -> Iterator[str]:
    """Yield the terms that a page says it teaches."""
    for each in doctree.findall(nodes.field):
        name, body = each.children
        if name.astext() == NEW_WORDS:
            for reference in body.findall(addnodes.pending_xref):
                yield reference["reftarget"]


def of_python(doctree: nodes.document) -> set[str]:
    """Return the functions and classes of asyncio that a page links to."""
    links = doctree.findall(addnodes.pending_xref)
    names = {link["reftarget"] for link in links if link.get("refdomain") == "py"}
    return {name for name in names if re.match(r"asyncio\.\w", name)}
