"""``.. stepper:: stuck_scene.py`` and ``:moment:``: a run that was recorded.

The program prints the scene, which the build colours and puts beside the pages. The
page has a picture of it, the named moments and a button; the script fetches the scene
when a reader presses that.
"""

import html
import json
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from lab.stepper.poster import poster
from sphinx_book import live, running
from sphinx_book.computed import Computed

SCENES = "_static/scenes"  # below the site's root
# What has the colour of the text anyway: names, punctuation, white space.
PLAIN = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>|<span></span>')
SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')  # half of a scene otherwise
MOST = 150_000  # bytes of a scene: what a reader may have to wait for

logger = logging.getLogger(__name__)


class Poster(nodes.General, nodes.Element):  # its caption is its child
    """The picture of a scene; ``scene`` is what the program printed."""


class Stepper(Computed):
    """Show the poster of a scene that an example records; the content is its caption.

    ``:live:`` lets the reader change the program, and step through another run.
    The build fails if the program finds a moment missing, or if the scene is too large.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"live": directives.flag}

    def shown(self) -> list[nodes.Node]:
        """Run the example; the build fails if it prints no scene."""
        name = running.example(self.env.docname, self.arguments[0])
        try:
            scene = json.loads(running.show(self, running.Run(name)))
        except json.JSONDecodeError as error:
            raise ValueError(f"docs/examples/{name} prints no scene") from error
        if not self.content:
            raise self.error("a stepper needs a sentence that says what to look at")
        size = len(json.dumps(scene, ensure_ascii=False).encode())
        if size > MOST:
            raise ValueError(f"{name} prints {size} bytes, and {MOST} are the most")
        node = Poster("", *self.parse_content_to_nodes())
        node["scene"] = scene
        node["file"] = f"{Path(name).parent}-{Path(name).stem}.json".replace("/", "-")
        if "live" not in self.options:
            return [node]
        source = (running.EXAMPLES / name).read_text(encoding="utf-8")
        return [node, *live.cell(self.env, self.arguments[0], source)]


class Moment(SphinxRole):
    """Leads to a moment of a stepper in the same page: ``:moment:`stuck```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link; ``its words <its name>`` if the words are others."""
        words, _, name = self.text.rpartition("<")
        name = name.rstrip(">") if words else self.text
        text = words.strip() or name
        link = nodes.reference(self.rawtext, text, refid=name, internal=True)
        link["moment"] = name
        return [link], []


def check_moments(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of names that no stepper of the page has, and of one that two have."""
    marks = [
        mark["name"]
        for node in doctree.findall(Poster)
        for mark in node["scene"]["marks"]
    ]
    for name in {name for name in marks if marks.count(name) > 1}:
        logger.warning("two moments are called %r", name, location=app.env.docname)
    for link in doctree.findall(nodes.reference):
        if link.get("moment") and link["moment"] not in marks:
            logger.warning("no moment %r here", link["moment"], location=link)


def visit(translator: HTML5Translator, node: Poster) -> None:
    """Write the figure, and the scene into a file of its own."""
    scene: dict[str, Any] = node["scene"]
    builder = translator.builder
    path = Path(builder.outdir) / SCENES / node["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(coloured(scene), ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
    here = builder.get_target_uri(builder.current_docname)
    up = "../" * here.count("/")
    stem = Path(node["file"]).stem
    attributes = {
        "class": "st-poster",
        "id": f"stepper-{stem}",
        "data-title": scene["title"],
        "data-scene": f"{up}{SCENES}/{node['file']}",
    }
    written = " ".join(f'{k}="{html.escape(v)}"' for k, v in attributes.items())
    picture = f'<div class="picture">{poster(scene)}</div>'
    translator.body.append(f"<figure {written}>{picture}<figcaption>")


def depart(translator: HTML5Translator, node: Poster) -> None:
    """Write the named moments below the caption, and the button."""
    items = "".join(
        f'<li id="{html.escape(mark["name"])}"><a href="#{html.escape(mark["name"])}" '
        f'data-moment="{html.escape(mark["name"])}">{html.escape(mark["title"])}</a>: '
        f"{html.escape(mark['says'])}</li>"
        for mark in node["scene"]["marks"]
    )
    button = '<button type="button" class="st-open" hidden>Open the stepper</button>'
    translator.body.append(f"<ol>{items}</ol>{button}</figcaption></figure>\n")


def coloured(scene: dict[str, Any]) -> dict[str, Any]:
    """Return a scene whose files are lines of HTML, in the colours of the page."""
    bridge, files = PygmentsBridge("html"), []
    for file in scene["files"]:
        program = file["t"].partition("\nscene = ")[0]  # the marks are not the run
        text = bridge.highlight_block(program, "python3", nowrap=True)
        text = SPAN.sub(r"<b class=\1>\2</b>", PLAIN.sub(r"\1", text)).rstrip("\n")
        files.append({"n": file["n"], "h": text.split("\n")})
    return {**scene, "files": files}


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give the script and its style to the pages that have a stepper."""
    if doctree is not None and next(iter(doctree.findall(Poster)), None) is not None:
        app.add_js_file("stepper.js", type="module")
        app.add_css_file("stepper.css")
