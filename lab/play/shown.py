"""A chat as HTML that needs no script: what a notebook shows of it."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from lab.play.chat import Event
from lab.play.notes import Line, Notes, how

LINES = 8  # of each person
COLOURS = ("#00857a", "#b3510b", "#a1166b")  # legible on light and dark
TAGS = {"own": "span", "others": "span", "note": "i", "bad": "b"}


def shown(state: Mapping[str, Any], events: Iterable[Event]) -> str:
    """Return three columns, one for each person, of the state and the last events."""
    notes = Notes()
    notes.take(events)
    columns = [
        _column(who, person, list(notes.columns[who])[-LINES:], colour)
        for (who, person), colour in zip(state["people"].items(), COLOURS, strict=True)
    ]
    up = "" if state["server"] == "up" else f"; server: {state['server']}"
    return (
        f"<div><small>{state['time']:.1f} s on the server's clock{up}</small>"
        '<div style="display:flex;flex-wrap:wrap;gap:.6rem;text-align:left">'
        f"{''.join(columns)}</div></div>"
    )


def _column(
    who: str, person: Mapping[str, Any], lines: Iterable[Line], colour: str
) -> str:
    kept, wire = (person[name] // 1024 for name in ("kept", "wire"))
    waits = f"; {kept} KiB wait in the server, {wire} on the wire" if wire else ""
    said = "".join(map(_line, lines)) or "<div>nothing yet</div>"
    return (
        f'<section style="flex:1 1 13rem;border-top:3px solid {colour};padding:.3rem">'
        f"<b>{who.capitalize()}</b> <small>{how(person)}{waits}</small>{said}</section>"
    )


def _line(line: Line) -> str:
    tag, mark = TAGS[line.kind], "» " if line.kind == "own" else ""
    return f"<div><{tag}>{mark}{html.escape(line.text)}</{tag}></div>"
