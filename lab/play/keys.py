"""The keys of the chat in a terminal: what each one does, and what to call it."""

from collections.abc import Collection
from typing import NamedTuple

Words = tuple[str, str]  # long, and short for a narrow terminal


class Key(NamedTuple):
    """A function key; Ctrl with the ``letter`` does the same."""

    function: str
    letter: str
    action: str
    words: Words
    help: str
    again: Words = ("", "")  # its words where it takes back what it has done

    def called(self, *, again: bool, short: bool) -> str:
        """Return what the key does now."""
        return (self.again if again else self.words)[short]


FOR_ONE = (
    Key(
        "F2",
        "R",
        "read",
        ("stop reading", "pause"),
        "stops reading, or reads again",
        ("read again", "read"),
    ),
    Key("F3", "P", "cut", ("pull the cable", "cable"), "pulls the cable"),
    Key("F4", "X", "reset", ("reset", "reset"), "resets the connection"),
    Key("F5", "N", "return", ("come back", "back"), "comes back, newly connected"),
    Key("F6", "L", "much", ("say much", "much"), "says much at once: 60 long messages"),
)
FOR_ALL = (
    Key(
        "F7",
        "K",
        "server",
        ("stop server", "stop"),
        "stops the server with Ctrl-C, or starts it again",
        ("start server", "start"),
    ),
    Key(
        "F8",
        "T",
        "time",
        ("stop time", "still"),
        "stops time, or lets it go on",
        ("start time", "go"),
    ),
    Key("F9", "F", "later", ("70 s later", "70 s"), "lets 70 seconds pass at once"),
    Key(
        "F10",
        "O",
        "steps",
        ("step", "step"),
        "chooses a step; the chat begins again",
    ),
    Key("F1", "G", "help", ("help", "help"), "this page; any key leaves it"),
)
QUIT = ("^Q", "quit")


def bar(
    keys: Collection[Key], again: Collection[str], *, short: bool
) -> list[tuple[str, str]]:
    """Return each key with its words; ``again`` has the actions to be taken back."""
    return [
        (key.function, key.called(again=key.action in again, short=short))
        for key in keys
    ]
