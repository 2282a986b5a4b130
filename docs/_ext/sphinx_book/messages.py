"""``.. messages::``: the table of the wire, made of the one definition in lab.wire."""

import json

from docutils import nodes

from lab import story, wire
from lab.wire import Kind
from sphinx_book.computed import Computed
from sphinx_book.story_table import table

LETTERS = {
    **{"username": "U", "from": "U", "room": "R", "message": "M"},
    **{"code": "C", "detail": "D", "reason": "D"},
}


class Messages(Computed):
    """Show all kinds of messages, a table for each direction."""

    def shown(self) -> list[nodes.Node]:
        """Return the tables, each with its direction above it."""
        shown: list[nodes.Node] = []
        for direction in dict.fromkeys(kind.direction for kind in wire.KINDS):
            kinds = [kind for kind in wire.KINDS if kind.direction == direction]
            rows = [[example(k), k.meaning, story.find(k.since).number] for k in kinds]
            head = ["message", "meaning", "since"]
            shown += [
                nodes.rubric("", direction),
                table(head, rows, [60, 30, 10], "messages", literal=[0]),
            ]
        return shown


def example(kind: Kind) -> str:
    """Return a message of this kind, with letters for what varies."""
    values = {name: value(kind, name) for name in kind.fields}
    return json.dumps({"action": kind.action, **values})


def value(kind: Kind, field: str) -> object:
    """Return what stands for the value of a field; LookupError for one without."""
    if kind.fields[field] is list:
        return ["U", "..."]
    if field not in LETTERS:
        raise LookupError(
            f"lab/wire.py: {kind.action}: no letter stands for {field!r}; add one to "
            "LETTERS in docs/_ext/sphinx_book/messages.py"
        )
    return LETTERS[field]
