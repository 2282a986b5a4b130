"""Picture: who sent what to whom, from what the clients of a run noted down.

Inline SVG without a script; ``currentColor`` makes it readable in light and dark.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lab.client import Client, Noted
from lab.pictures import drawing
from lab.pictures.drawing import seen, several, written
from lab.wire import Message

ROW = 30  # pixels from one message to the next
TOP = 46  # pixels above the first one, for the names
GAP = 170  # pixels from one lifeline to the next: room for a label
MAX_MESSAGES = 40  # messages drawn: a longer run would not be looked at


@dataclass(frozen=True)
class Arrow:
    """One message on its way."""

    when: float  # seconds, on any clock that all arrows share
    sender: str
    receiver: str
    label: str


class Sequence:
    """A sequence diagram; a notebook shows it, ``svg()`` gives the picture itself.

    Of a long run the first messages are drawn, as many as ``most`` says, or with
    ``last`` the last ones.
    """

    def __init__(
        self,
        arrows: Iterable[Arrow],
        peers: Iterable[str] = (),
        *,
        most: int = MAX_MESSAGES,
        last: bool = False,
    ) -> None:
        everything = sorted(arrows, key=lambda arrow: arrow.when)
        self.left_out = max(len(everything) - most, 0)
        self.last = last
        self.arrows = everything[self.left_out :] if last else everything[:most]
        named = [name for a in everything for name in (a.sender, a.receiver)]
        self.peers = list(dict.fromkeys([*peers, *named]))

    @classmethod
    def of(
        cls,
        *clients: Client,
        server: str = "server",
        most: int = MAX_MESSAGES,
        last: bool = False,
    ) -> "Sequence":
        """Draw what these clients have sent and heard: the first or last messages."""
        arrows = [
            Arrow(
                noted.moment, *_ends(client.name, server, noted), label(noted.message)
            )
            for client in clients
            for noted in client.log
        ]
        first, *others = (client.name for client in clients)
        return cls(arrows, [first, server, *others], most=most, last=last)

    def svg(self) -> str:
        """Return the picture as an ``<svg>`` element with a text alternative."""
        rows = len(self.arrows) + bool(self.left_out)
        height = TOP + ROW * rows + 10
        before = bool(self.left_out and self.last)
        note = self._note(0 if before else rows - 1) if self.left_out else ""
        return drawing.picture(
            "sequence",
            GAP * len(self.peers),
            height,
            self.text(),
            [
                *(self._lifeline(peer, height) for peer in self.peers),
                *(self._arrow(row, a) for row, a in enumerate(self.arrows, before)),
                note,
            ],
        )

    def text(self) -> str:
        """Return the same in words, a line a message."""
        lines = [seen(f"{a.sender} to {a.receiver}: {a.label}") for a in self.arrows]
        if self.left_out:
            lines.insert(0 if self.last else len(lines), self._left_out())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return drawing.scrolling(self.svg())

    def _left_out(self) -> str:
        if self.last:
            return f"after {several(self.left_out, 'earlier message')}"
        return f"and {self.left_out} more"

    def _note(self, row: int) -> str:
        y = TOP + ROW * row + 14
        return written(12, y, self._left_out(), more='font-style="italic"')

    def _x(self, peer: str) -> int:
        return GAP * self.peers.index(peer) + GAP // 2

    def _lifeline(self, peer: str, height: int) -> str:
        x = self._x(peer)
        return (
            f'<rect x="{x - 52}" y="4" width="104" height="24" rx="4" fill="none" '
            f'stroke="currentColor"/>'
            + written(x, 20, peer, "middle", 'font-weight="bold"')
            + f'<path d="M{x} 28V{height}" stroke="currentColor" opacity=".35" '
            f'stroke-dasharray="4 3"/>'
        )

    def _arrow(self, row: int, arrow: Arrow) -> str:
        start, end, y = self._x(arrow.sender), self._x(arrow.receiver), TOP + ROW * row
        tip = 7 if end < start else -7
        return (
            f'<path d="M{start} {y + 12}H{end}" stroke="currentColor"/>'
            f'<path d="M{end} {y + 12}l{tip} -4v8z"/>'
            f"{written((start + end) / 2, y + 7, arrow.label, 'middle')}"
        )


def _ends(client: str, server: str, noted: Noted) -> tuple[str, str]:
    return (client, server) if noted.sent else (server, client)


def label(message: Message) -> str:
    """Return a message in a few words: its action, and what matters most in it."""
    words = [str(message.get("action"))]
    words += [str(message[key]) for key in ("username", "room") if key in message]
    if "from" in message and "message" not in message:
        words.insert(1, str(message["from"]))
    if "message" in message:
        words.append(json.dumps(message["message"], ensure_ascii=False))
    text = " ".join(words)
    return drawing.shortened(text, 26)
