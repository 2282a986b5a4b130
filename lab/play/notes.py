"""What has happened in a chat, as lines of words: a column each, frames, the server."""

import collections
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lab.play.chat import PEOPLE, Event

KEPT = 200  # lines of each kind: more than any terminal shows
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}  # control characters, and others that would act
SHORTENED = re.compile(r" … \(\d+ characters\)$")  # the end of a text in an event
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class Line(NamedTuple):
    """A line: ``own`` words, those of ``others``, a ``note``, something ``bad``, ..."""

    kind: str
    text: str
    before: str = ""  # what stands in front of the text: when, by and to whom


class Notes:
    """What is worth showing of a chat; ``take`` its events."""

    def __init__(self) -> None:
        self.columns = {who: _lines() for who in PEOPLE}
        self.frames = _lines()
        self.server = _lines()

    def take(self, events: Iterable[Event]) -> None:
        """Note what has happened."""
        for event in events:
            if event["kind"] == "frame":
                self.frames.append(_frame(event))
            elif "who" in event:
                self.columns[event["who"]].extend(_of_a_person(event))
            else:
                self.server.extend(_of_the_server(event))

    def note(self, text: str, who: str = "") -> None:
        """Note what was done to somebody, or to the server."""
        lines = self.columns[who] if who else self.server
        lines.append(Line("note", text))


def _lines() -> collections.deque[Line]:
    return collections.deque(maxlen=KEPT)


def _frame(event: Event) -> Line:
    by, to = (end.removeprefix("the ") for end in (event["by"], event["to"]))
    before = f"{event['time']:7.1f} s  {by:>6} → {to:<6}  {event['header']}"
    return Line("frame", visible(event["text"]), before)


def _of_a_person(event: Event) -> list[Line]:
    if event["kind"] == "typed":
        return []  # what is not sent yet is counted elsewhere
    if event["kind"] == "left":
        lines = counted(event["unsent"], "line")
        unsent = f"; {lines} unsent" if event["unsent"] else ""
        return [Line("bad", f"has left: {event['why']}{unsent}")]
    words = _said if event["kind"] == "sent" else _heard
    return [Line(kind, visible(_begun(text))) for kind, text in words(event["message"])]


def _begun(text: str) -> str:
    """Leave the number of characters out, for which a column has no room."""
    return SHORTENED.sub("…", text)


def _said(message: dict[str, Any]) -> list[tuple[str, str]]:
    match message:
        case {"action": "chat", "message": str(text)}:
            return [("own", text)]
    return []  # a frame tells the rest


def _heard(message: dict[str, Any]) -> list[tuple[str, str]]:
    match message:
        case {"action": "chat", "message": str(text), "from": who}:
            return [("others", f"{who}: {text}")]
        case {"action": "joinroom", "members": list(members)}:
            return [("note", f"in the room: {', '.join(map(str, members))}")]
        case {"action": "joinroom", "from": who}:
            return [("note", f"{who} has joined")]
        case {"action": "leaveroom", "from": who}:
            return [("note", f"{who} has left")]
        case {"action": "error", "code": code}:
            return [("bad", f"refused: {code}")]
        case {"action": "bye"}:
            return [("note", f"the server says goodbye: {message.get('reason')}")]
    return []


def _of_the_server(event: Event) -> list[Line]:
    if event["kind"] == "stopped":
        return [Line("note", f"stopped, exit status {event['status']}")]
    if event["kind"] == "hangs":
        return [Line("bad", "5 seconds after Ctrl-C it has not ended: it hangs")]
    lines = [line for line in str(event["text"]).splitlines() if line.strip()]
    if event["kind"] == "printed":
        return [Line("printed", visible(line)) for line in lines]
    # Of a traceback, the line that says what went wrong.
    said = [line for line in lines if not line.startswith((" ", "Traceback"))]
    return [Line("bad", visible(line)) for line in said]


def how(person: Mapping[str, Any]) -> str:
    """Return how somebody is, of whom ``Chat.state`` tells."""
    if not person["here"]:
        return "has left"
    words = {
        "unplugged": not person["plugged"],
        "not reading": not person["reads"],
        "dropped": person["dropped"],
    }
    return ", ".join(word for word, is_so in words.items() if is_so) or "reading"


def counted(number: int, word: str) -> str:
    """Return a number of things."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def visible(text: str) -> str:
    """Return a text with its control characters as escapes: they would act."""
    return "".join(_escaped(c) if _acts(c) else c for c in text)


def _acts(character: str) -> bool:
    unseen = unicodedata.category(character) in UNSEEN
    return unseen or unicodedata.bidirectional(character) in TURNS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
