"""A chat as HTML that needs no script: what a notebook shows of it."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

LINES = 8  # of each person
COLOURS = ("#00857a", "#b3510b", "#a1166b")  # legible on light and dark

Event = Mapping[str, Any]


def shown(state: Mapping[str, Any], events: Iterable[Event]) -> str:
    """Return three columns, one for each person, of the state and the last events."""
    lines: dict[str, list[str]] = {who: [] for who in state["people"]}
    for event in events:
        if text := _line(event):
            lines[event["who"]].append(text)
    columns = [
        _column(who, person, lines[who][-LINES:], colour)
        for (who, person), colour in zip(state["people"].items(), COLOURS, strict=True)
    ]
    up = "" if state["up"] else "; the server is stopped"
    return (
        f"<div><small>{state['time']:.1f} s on the server's clock{up}</small>"
        '<div style="display:flex;flex-wrap:wrap;gap:.6rem;text-align:left">'
        f"{''.join(columns)}</div></div>"
    )


def _column(
    who: str, person: Mapping[str, Any], lines: Iterable[str], colour: str
) -> str:
    condition = html.escape(in_words(person))
    said = "".join(f"<div>{line}</div>" for line in lines) or "<div>nothing yet</div>"
    return (
        f'<section style="flex:1 1 13rem;border-top:3px solid {colour};padding:.3rem">'
        f"<b>{who.capitalize()}</b> <small>{condition}</small>{said}</section>"
    )


def in_words(person: Mapping[str, Any]) -> str:
    """Say how somebody is, and what waits for them and from them."""
    parts = []
    if not person["here"]:
        parts.append("not connected")
    elif not person["plugged"]:
        parts.append("cable pulled")
    elif not person["reads"]:
        parts.append("does not read")
    if person["dropped"]:
        parts.append("dropped by the server")
    if person["kept"] or person["wire"]:
        kept, wire = (person[name] // 1024 for name in ("kept", "wire"))
        parts.append(f"{kept} KiB wait in the server, {wire} on the wire")
    if person["unsent"]:
        parts.append(f"{person['unsent']} lines not sent")
    return "; ".join(parts)


def _line(event: Event) -> str:
    """Return what a person sees of an event; empty for nothing."""
    if event["kind"] == "left":
        return f"<i>{html.escape(event['why'])}</i>"
    message = event.get("message", {})
    text = html.escape(str(message.get("message", "")))
    by = html.escape(str(message.get("from", "")))
    action = message.get("action")
    if event["kind"] == "sent":
        return f"» {text}" if action == "chat" else ""
    return {
        "chat": f"<b>{by}</b> {text}",
        "joinroom": f"<i>{by} has come</i>",
        "leaveroom": f"<i>{by} has left</i>",
        "error": f"<i>error: {html.escape(str(message.get('code')))}</i>",
        "bye": f"<i>bye: {html.escape(str(message.get('reason')))}</i>",
    }.get(str(action), "")
