"""``.. callouts:: server05`` and ``:line:``: the author quotes, the build counts.

Instead of a step it may be any other Python file, by its path: ``lab/wire.py``.

A call-out names a piece of code by quoting it. The build finds the line. A quotation
that is on no line, or on two, fails the build: either the code has moved on, or the
reader would not know which line is meant.
"""

import itertools
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from lab import story
from lab.course import changes
from lab.story import ROOT, Step
from sphinx_book.computed import Computed
from sphinx_book.listing import Listing


class NotOnOneLine(LookupError):
    """A quotation that is on no line, or on more than one; the text says which."""


class line_link(nodes.Inline, nodes.TextElement):  # as docutils names nodes
    """The number of a line, which leads to the line once all pages are read."""


def locate(name: str, text: str, fragment: str) -> int:
    """Return the number of the one line that contains the fragment.

    Raises NotOnOneLine.
    """
    lines = [n for n, line in enumerate(text.splitlines(), 1) if fragment in line]
    if len(lines) == 1:
        return lines[0]
    where = f"on the lines {lines}, and has to be on one" if lines else "on no line"
    file = name if "/" in name else f"steps/{name}.py"
    raise NotOnOneLine(f"{file}: {fragment!r} is {where}")


def quoted(step: Step, fragment: str) -> int:
    """Return the line of a step that contains the fragment; NotOnOneLine."""
    path = step.path.relative_to(ROOT).as_posix()
    return locate(path, changes.source(step), fragment)


def found(name: str) -> Step:
    """Return the step of this name, or the file that lies here in the repository.

    Raises NoSuchStep.
    """
    path = ROOT / name
    if path.suffix == ".py" and path.is_file():
        return Step(path)
    return story.find(name)


class Callouts(Computed):
    """A list of quotations, each with what there is to say about it.

    The content is a definition list: each term is a piece of a line, in double
    backquotes, and its definition says what it does. The list is shown in the order of
    the lines. Inside the list and inside the listing the numbers lead to each other.
    """

    required_arguments = 1
    has_content = True

    def shown(self) -> list[nodes.Node]:
        """Return the list, every quotation with its line."""
        step = found(self.arguments[0])
        self.env.note_dependency(str(step.path))
        (content,) = self.parse_content_to_nodes() or [nodes.paragraph()]
        if not isinstance(content, nodes.definition_list):
            raise self.error("callouts: the content has to be one definition list")
        entries = [(self.line(step, entry), entry) for entry in content.children]
        entries.sort(key=lambda located: located[0])
        items = [self.item(step, line, entry) for line, entry in entries]
        return [nodes.bullet_list("", *items, classes=["callouts"])]

    def line(self, step: Step, entry: Any) -> int:
        """Return the line of one call-out, or fail the build."""
        term = entry.children[0]
        return self.located(step, term.astext(), term)

    def item(self, step: Step, line: int, entry: Any) -> nodes.list_item:
        """Return one call-out: the line's number, the quotation, the words."""
        term, definition = entry.children[0], entry.children[-1]
        fragment = term.astext()
        target = self.free(f"callout-{step.name}-{line}")
        words = definition.children[0]
        if not isinstance(words, nodes.paragraph):
            raise self.error(f"callouts: {fragment!r} needs a sentence")
        code = nodes.literal(fragment, fragment)
        words.insert(0, [link(step.name, line), nodes.Text(" "), code, nodes.Text(" ")])
        item = nodes.list_item("", *definition.children, ids=[target])
        self.state.document.set_id(item)
        return item

    def free(self, target: str) -> str:
        """Return the name of a place that the page has not yet."""
        more = (f"{target}-{number}" for number in itertools.count(2))
        names = itertools.chain([target], more)
        return next(name for name in names if name not in self.state.document.ids)

    def located(self, step: Step, fragment: str, term: nodes.Node) -> int:
        """Return the line, or fail the build with the place of the quotation."""
        try:
            return quoted(step, fragment)
        except NotOnOneLine as error:
            number = getattr(term, "line", None) or self.lineno
            raise self.directive_error(3, f"line {number}: {error}") from error


class Line(SphinxRole):
    """``:line:`server05:except OSError```: the number of the line that is quoted."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the number, linked to the listing of that step."""
        name, _, fragment = self.text.partition(":")
        try:
            step = found(name)
            line = quoted(step, fragment.strip())
        except (LookupError, ValueError, SyntaxError) as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [
                message
            ]
        self.env.note_dependency(str(step.path))
        return [link(step.name, line)], []


def link(name: str, line: int) -> line_link:
    """Return the words for a line, to be linked when all pages have been read."""
    node = line_link("", f"line {line}", classes=["line"])
    node["step"], node["line"] = name, line
    return node


def pass_over(translator: HTML5Translator, node: line_link) -> None:
    """Write the words alone: a table of contents has them without the link."""


def note_listings(app: Sphinx, doctree: nodes.document) -> None:
    """Remember which page shows which step."""
    shown: dict[str, str] = vars(app.env).setdefault("book_listings", {})
    for listing in doctree.findall(Listing):
        shown[listing["step"]] = app.env.docname


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn every number into a link to its line, and every such line into one back."""
    shown: dict[str, str] = getattr(app.env, "book_listings", {})
    spoken_of: dict[str, dict[int, str]] = {}
    for node in list(doctree.findall(line_link)):
        step, line = node["step"], node["line"]
        words: nodes.Node = nodes.inline("", node.astext(), classes=["line"])
        if step in shown:
            page = app.builder.get_relative_uri(docname, shown[step])
            uri = (
                f"{page}#{step}-{line}" if shown[step] != docname else f"#{step}-{line}"
            )
            words = nodes.reference(
                "", node.astext(), refuri=uri, internal=True, classes=["line"]
            )
        item = node.parent.parent if node.parent is not None else None
        if isinstance(item, nodes.list_item) and item["ids"]:
            spoken_of.setdefault(step, {}).setdefault(line, item["ids"][0])
        node.replace_self(words)
    for listing in doctree.findall(Listing):
        listing["spoken_of"] = spoken_of.get(listing["step"], {})


def forget(app: Sphinx, env: Any, docname: str) -> None:
    """Forget what a page showed, before it is read again."""
    shown: dict[str, str] = getattr(env, "book_listings", {})
    for step in [step for step, page in shown.items() if page == docname]:
        del shown[step]


def merge(app: Sphinx, env: Any, docnames: list[str], other: Any) -> None:
    """Take over what a parallel reader has found."""
    mine = vars(env).setdefault("book_listings", {})
    mine.update(getattr(other, "book_listings", {}))
