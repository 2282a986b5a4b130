"""Writes ``llms.txt``: what the site holds, for programs that read it.

Its form is that of https://llmstxt.org: a title, a summary, and lists of links. The
pages and their order come from the table of contents, what a step does from the step.
"""

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from lab import story
from sphinx_book import browser

SUMMARY = """\
> A book that runs. It teaches asyncio by building one real program, a chat server, in
> numbered steps. Each step is a file that can be started and is tested; outputs,
> pictures and line numbers in the pages are computed while the book is built.

A message is a JSON object in a frame: three bytes for the size of the payload
(unsigned, little-endian), then the payload in UTF-8. The page on the protocol has every
action.
"""


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the file into the root of the finished site."""
    if exception is not None or app.builder.format != "html":
        return
    parts = [f"# {app.config.project}\n", SUMMARY, *lists(app), steps()]
    parts.append(
        f"## Optional\n\n- [Steps and notebooks]({browser.ARCHIVE}): archive\n"
    )
    text = "\n".join(parts)
    (Path(app.outdir) / "llms.txt").write_text(text, encoding="utf-8")


def lists(app: Sphinx) -> Iterator[str]:
    """Yield a list of links for each part of the table of contents."""
    root = app.env.get_doctree(app.config.root_doc)
    for part in root.findall(addnodes.toctree):
        links = [
            f"- [{title(app, page)}]({app.builder.get_target_uri(page)})"
            for page in part["includefiles"]
        ]
        yield "\n".join([f"## {part['caption']}\n", *links, ""])


def title(app: Sphinx, page: str) -> str:
    """Return the title of a page."""
    found: nodes.title = app.env.titles[page]
    return found.astext()


def steps() -> str:
    """Return what each step does."""
    lines = [f"- `{step.name}`: {step.sentence}" for step in story.steps()]
    return "\n".join(["## Steps\n", *lines, ""])
