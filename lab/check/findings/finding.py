"""What was found, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal[
    "blocks the loop",
    "computes for long",
    "task that nothing keeps",
    "never awaited",
    "goes on when cancelled",
    "hides that it was cancelled",
    "bare except",
]

# The row of each in docs/pitfalls.rst.
PITFALLS: dict[Kind, str] = {
    "blocks the loop": "pitfall-blocking",
    "computes for long": "pitfall-blocking",
    "task that nothing keeps": "pitfall-task",
    "never awaited": "pitfall-await",
    "goes on when cancelled": "pitfall-cancel",
    "hides that it was cancelled": "pitfall-cancel",
    "bare except": "pitfall-bare-except",
}


@dataclass(frozen=True)
class Finding:
    """A mistake. ``words`` is a sentence: what is wrong, and what to do.

    ``pitfall`` is the anchor of its row in docs/pitfalls.rst.
    """

    kind: Kind
    file: Path
    line: int
    words: str
    pitfall: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}: {self.words}"


class Found(list[Finding]):
    """All that was found, each once, in its order. ``tell`` hears of each at once.

    ``over`` is empty, or says why nothing can be judged any more.
    """

    def __init__(self, tell: Callable[[Finding], None] | None = None) -> None:
        super().__init__()
        self.tell = tell
        self.over = ""
        self._places: set[tuple[str, str, int]] = set()

    def add(self, kind: Kind, file: str, line: int, words: str) -> None:
        """Add a finding, unless there is one with this pitfall in this line."""
        pitfall = PITFALLS[kind]
        if (pitfall, file, line) in self._places:
            return
        self._places.add((pitfall, file, line))
        finding = Finding(kind, Path(file), line, words, pitfall)
        self.append(finding)
        if self.tell is not None:
            self.tell(finding)
