"""``.. messages::``: the table of the wire, made of the one definition in lab.wire."""

import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from story_table import table

from lab import wire
from lab.wire import Kind


class Messages(SphinxDirective):
    """Show all kinds of messages, a table for each direction."""

    def run(self) -> list[nodes.Node]:
        """Return the tables, each with its direction above it."""
        shown: list[nodes.Node] = []
        for direction in dict.fromkeys(kind.direction for kind in wire.KINDS):
            kinds = [kind for kind in wire.KINDS if kind.direction == direction]
            rows = [
                [example(k), k.meaning, k.since.removeprefix("server")] for k in kinds
            ]
            head = ["message", "meaning", "since"]
            shown += [
                nodes.rubric("", direction),
                table(head, rows, [60, 30, 10], "messages", literal=[0]),
            ]
        return shown


def example(kind: Kind) -> str:
    """Return a message of this kind, with letters for what varies."""
    letters = {"username": "U", "from": "U", "room": "R", "message": "M"}
    values = {
        name: ["U", "..."] if type_ is list else letters[name]
        for name, type_ in kind.fields.items()
    }
    return json.dumps({"action": kind.action, **values})
