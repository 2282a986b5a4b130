"""Picture: who sent what to whom, from what the clients of a run noted down.

Inline SVG without a script; ``currentColor`` makes it readable in light and dark.
"""

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass

from lab.client import Client
from lab.wire import Message

ROW = 30  # pixels from one message to the next
TOP = 46  # pixels above the first one, for the names
GAP = 170  # pixels from one lifeline to the next: room for a label
MOST = 40  # messages drawn: a longer run would not be looked at


@dataclass(frozen=True)
class Arrow:
    """One message on its way."""

    when: float  # seconds, on any clock that all arrows share
    sender: str
    receiver: str
    label: str


class Sequence:
    """A sequence diagram; a notebook shows it, ``svg()`` gives the picture itself."""

    def __init__(self, arrows: Iterable[Arrow], peers: Iterable[str] = ()) -> None:
        everything = sorted(arrows, key=lambda arrow: arrow.when)
        self.arrows, self.left_out = everything[:MOST], len(everything[MOST:])
        named = [name for a in everything for name in (a.sender, a.receiver)]
        self.peers = list(dict.fromkeys([*peers, *named]))

    @classmethod
    def of(cls, *clients: Client, server: str = "server") -> "Sequence":
        """Draw what these clients have sent and heard."""
        arrows = [
            Arrow(when, *ends, label(message))
            for client in clients
            for when, sent, message in client.log
            for ends in [(client.name, server) if sent else (server, client.name)]
        ]
        first, *others = (client.name for client in clients)
        return cls(arrows, [first, server, *others])

    def svg(self) -> str:
        """Return the picture as an ``<svg>`` element with a text alternative."""
        width, height = GAP * len(self.peers), TOP + ROW * len(self.arrows) + 10
        words = html.escape(self.text(), quote=True)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sequence" role="img" '
            f'aria-label="{words}" viewBox="0 0 {width} {height}" '
            f'style="width:100%;max-width:{width}px;color:inherit" '
            f'font-family="sans-serif" font-size="12" fill="currentColor">',
            *(self._lifeline(peer, height) for peer in self.peers),
            *(self._arrow(row, arrow) for row, arrow in enumerate(self.arrows)),
            "</svg>",
        ]
        return "".join(parts)

    def text(self) -> str:
        """Return the same in words, a line a message."""
        lines = [_seen(f"{a.sender} to {a.receiver}: {a.label}") for a in self.arrows]
        if self.left_out:
            lines.append(f"and {self.left_out} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'

    def _x(self, peer: str) -> int:
        return GAP * self.peers.index(peer) + GAP // 2

    def _lifeline(self, peer: str, height: int) -> str:
        x = self._x(peer)
        return (
            f'<rect x="{x - 52}" y="4" width="104" height="24" rx="4" fill="none" '
            f'stroke="currentColor"/><text x="{x}" y="20" text-anchor="middle" '
            f'font-weight="bold">{html.escape(_seen(peer))}</text>'
            f'<path d="M{x} 28V{height}" stroke="currentColor" opacity=".35" '
            f'stroke-dasharray="4 3"/>'
        )

    def _arrow(self, row: int, arrow: Arrow) -> str:
        start, end, y = self._x(arrow.sender), self._x(arrow.receiver), TOP + ROW * row
        tip = 7 if end < start else -7
        return (
            f'<path d="M{start} {y + 12}H{end}" stroke="currentColor"/>'
            f'<path d="M{end} {y + 12}l{tip} -4v8z"/>'
            f'<text x="{(start + end) / 2}" y="{y + 7}" text-anchor="middle">'
            f"{html.escape(_seen(arrow.label))}</text>"
        )


def _seen(text: str) -> str:
    """Write what nobody can see as an escape; XML could not hold all of it."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def label(message: Message) -> str:
    """Return a message in a few words: its action, and what matters most in it."""
    words = [str(message.get("action"))]
    words += [str(message[key]) for key in ("username", "room") if key in message]
    if "from" in message and "message" not in message:
        words.insert(1, str(message["from"]))
    if "message" in message:
        words.append(json.dumps(message["message"], ensure_ascii=False))
    text = " ".join(words)
    return text if len(text) <= 26 else f"{text[:25]}…"
