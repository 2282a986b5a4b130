"""``.. chat:: 05``: three people and a server, for the reader to drive.

The page has what the script needs, and what is shown where the chat cannot run: a line
that says why, and then the content of the directive, such as a recorded run.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx

from lab import story
from lab.play.player import Player
from sphinx_book import live
from sphinx_book.computed import Computed

STEPS = ("05", "06", "07", "10", "12")  # and the newest
WITHOUT = (
    "Here you could talk through the server yourself. That needs scripts, and a book "
    "with Python in it that comes from a web server: make learn builds and serves one."
)

Message = dict[str, Any]


class Chat(Computed):
    """Show the chat on a step; the content is shown where the chat cannot run.

    ``:first:`` is what happens at once, such as ``pause bob; much alice; say alice
    Hello?; later 70``. ``:set:`` changes constants of the step: ``MAX_CLIENTS=2``. The
    build fails if something of it cannot be done.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "first": directives.unchanged,
        "set": directives.unchanged,
    }

    def shown(self) -> list[nodes.Node]:
        """Return the chat, after it has been tried."""
        step = self.arguments[0]
        settings = dict(pair.split("=") for pair in self.options.get("set", "").split())
        first = [message(words) for words in _parts(self.options.get("first", ""))]
        for each in story.steps():
            self.env.note_dependency(str(each.path))
        play({"type": "open", "step": step, "settings": settings, "first": first})
        data = {"step": step, "steps": steps(), "settings": settings, "first": first}
        box = nodes.container("", classes=["chat-without"])
        box += nodes.paragraph("", WITHOUT, classes=["chat-why"])
        box += self.parse_content_to_nodes()
        python = " data-python" if live.available(self.env.app) else ""
        return [
            _raw(f'<div class="chat" id="chat-{step}"{python}>'),
            _raw(f'<script type="application/json">{_safe(data)}</script>'),
            box,
            _raw("</div>"),
        ]


def steps() -> list[list[str]]:
    """Return the number of each step that can be chosen, and what it does."""
    chosen = [story.find(number) for number in STEPS]
    chosen.append([step for step in story.steps() if step.kind == "server"][-1])
    return [
        [step.number, step.sentence.removeprefix("The server ").rstrip(".")]
        for step in chosen
    ]


def message(words: str) -> Message:
    """Return what the player is to be sent for the words of ``:first:``."""
    what, _, rest = words.partition(" ")
    if what == "say":
        who, _, text = rest.partition(" ")
        return {"type": "say", "who": who, "text": text}
    if what == "later":
        return {"type": "later", "seconds": float(rest)}
    return {"type": "fault", "name": what, "who": rest}


def play(opening: Message) -> None:
    """Play what happens at once; ValueError if something of it cannot be done."""
    told: list[Message] = []
    player = Player(lambda text: told.append(json.loads(text)))
    player.take(json.dumps(opening))
    player.close()
    for answer in told:
        if answer["type"] == "refused":
            raise ValueError(f"the chat cannot begin like this: {answer['text']}")


def add_script(
    app: Sphinx, page: str, template: str, context: Message, doctree: Any
) -> None:
    """Give the script and its style to the pages that have a chat."""
    if 'class="chat"' in context.get("body", ""):
        app.add_js_file("live/chat.js", type="module")
        app.add_css_file("live/chat.css")


def _parts(text: str) -> Iterator[str]:
    return filter(None, (part.strip() for part in text.split(";")))


def _safe(data: Message) -> str:
    # A text in it could end the element.
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
