"""``.. step:: server05`` and ``.. diff:: server05``: a step, and what it changed.

Which lines a step changed is computed from the two files, every time the book is built.
"""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.writers.html5 import HTML5Translator

from lab import story
from lab.course import changes
from lab.story import Step
from sphinx_book import live
from sphinx_book.computed import Computed

WHOLE = 1000  # lines of context: a function is shown from its first line to its last


class Listing(nodes.literal_block):
    """A whole file, each line of which can be linked to."""


class StepListing(Computed):
    """Show a whole step with line numbers, the lines that it changed marked.

    A reader can switch between the whole listing and the change alone. Both are in the
    page; the switch is a pair of radio buttons, so it needs no script. ``:live:`` lets
    the reader run the step in the page.
    """

    required_arguments = 1
    option_spec: ClassVar = {"live": directives.flag}

    def shown(self) -> list[nodes.Node]:
        """Return the listing, or the two of them."""
        step = found(self)
        earlier = changes.before(step)
        text, old = changes.source(step), changes.source(earlier)
        whole = Listing(text, text, language="python3", linenos=True)
        whole["step"] = step.name
        whole["changed"] = changes.changed_lines(old, text) if earlier else []
        self.set_source_info(whole)
        shown: list[nodes.Node] = [whole]
        if earlier is not None:
            changed = change(earlier, step, "")
            changed["classes"].append("again")  # the same lines once more
            shown = switched(step.name, whole, changed)
        if "live" in self.options:
            shown += live.cell(self.env, step.path.name, text)
        return shown


class Diff(Computed):
    """Show what a step changed, or what it changed inside one function."""

    required_arguments = 1
    optional_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return the diff with a line above it that counts the changed lines."""
        step = found(self)
        earlier = changes.before(step)
        if earlier is None:
            raise self.error(f"{step.name} is the first: there is nothing to compare")
        inside = self.arguments[1] if len(self.arguments) > 1 else ""
        if inside and inside not in dict(changes.names(changes.source(step))):
            raise self.error(f"steps/{step.name}.py has no {inside}")
        return [change(earlier, step, inside)]


def found(directive: Computed) -> Step:
    """Return the step that a directive names, and rebuild the page when it changes."""
    step = story.find(directive.arguments[0])
    directive.env.note_dependency(str(step.path))
    if earlier := changes.before(step):
        directive.env.note_dependency(str(earlier.path))
    return step


def change(earlier: Step, step: Step, inside: str) -> nodes.container:
    """Return the diff of two steps, or of one function in both, with its size.

    Raises LookupError if nothing has changed.
    """
    old, new = changes.source(earlier), changes.source(step)
    context = WHOLE if inside else 2
    text = "\n".join(changes.diff(old, new, inside=inside, context=context))
    if not text:
        place = (
            f"{inside} of steps/{step.name}.py" if inside else f"steps/{step.name}.py"
        )
        raise LookupError(f"{place} is as it was in {earlier.name}")
    size = changes.count(old, new)
    where = f"inside {inside}" if inside else f"{size} lines of code and comments"
    words = f"{earlier.name} to {step.name}: {where}"
    block = nodes.literal_block(text, text, language="diff", classes=["diff"])
    caption = nodes.caption(words, words)
    return nodes.container(
        "", caption, block, classes=["literal-block-wrapper"], literal_block=True
    )


def switched(name: str, whole: nodes.Node, changed: nodes.Node) -> list[nodes.Node]:
    """Return both with a switch between them."""
    radios = "".join(
        f'<input type="radio" name="listing-{name}" id="{name}-{what}"{checked}>'
        f'<label for="{name}-{what}">{words}</label>'
        for what, words, checked in (
            ("whole", "The whole step, new lines in green", " checked"),
            ("changed", "What it changed", ""),
        )
    )
    return [
        raw(f'<div class="listing">{radios}<div class="whole">'),
        whole,
        raw('</div><div class="changed">'),
        changed,
        raw("</div></div>"),
    ]


def raw(html: str) -> nodes.raw:
    """Return HTML that other builders pass over."""
    return nodes.raw("", html, format="html")


def visit_listing(translator: HTML5Translator, node: Listing) -> None:
    """Write the listing with an anchor at each line; marked lines get a background."""
    html = translator.highlighter.highlight_block(
        node.rawsource,
        "python3",
        linenos="inline",
        location=node,
        lineanchors=node["step"],
        hl_lines=node["changed"],
        wrapcode=True,
    )
    attributes: dict[str, Any] = {"class": "highlight-python3 notranslate"}
    translator.body.append(translator.starttag(node, "div", suffix="", **attributes))
    translator.body.append(with_links(html, node) + "</div>\n")
    raise nodes.SkipNode


def with_links(html: str, node: Listing) -> str:
    """Let the number of a line that the text speaks of lead to where it does."""
    spoken_of: dict[int, str] = node.get("spoken_of", {})
    for line, target in spoken_of.items():
        anchor = f'name="{node["step"]}-{line}"'
        start = html.find('<span class="linenos">', html.find(anchor))
        end = html.find("</span>", start) + len("</span>")
        number = html[start:end]
        back = f'<a class="spoken-of" href="#{target}">{number}</a>'
        html = html[:start] + back + html[end:]
    return html
