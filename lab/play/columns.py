"""Draws a chat as rows of text, each of exactly the width of the terminal.

A row is a list of fragments: a style and a text. What a style looks like is said in
``lab.play.terminal``; nothing here needs a terminal.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lab.play.chat import PEOPLE
from lab.play.fitting import Row, cells, cut, fit, wrapped
from lab.play.keys import FOR_ALL, FOR_ONE, QUIT, bar
from lab.play.notes import Line, how, visible
from lab.play.session import Session, steps

HIGH = 64 * 1024  # bytes in the server from which on drain() waits
FULL = 4 * HIGH  # bytes at which a bar is full
NARROW = 60  # columns below which one person is shown at a time
LOW = 12  # rows below which only the people are shown
WIDE = 80  # columns for the long words of the keys
MARKS = {"own": "» ", "others": "", "note": "· ", "bad": "! "}

HELP = """\
Choose Alice, Bob or Cleo, type, and press Enter. They talk to a server in
a simulation, whose clock goes as yours does until you stop it.

Tab, Shift-Tab  choose the next person, or the one before
Enter           says the line as this person
{}
^Q, ^C          quit

The bar of a person: █ bytes for them in the server, ░ on the wire. Where
more than 64 KiB (│) are in the server, drain() waits. "sends": the bytes
from them that the server has not read, and the lines that wait behind.
"""


def drawn(session: Session, width: int, height: int) -> list[Row]:
    """Return the rows of the chat."""
    talk, frames, server = _heights(height, narrow=width < NARROW)
    rows = [_title(session, width)]
    rows += _people(session, width, talk)
    if frames:
        rows.append(_rule("frames, as they are written", width))
        rows += _last(map(_frame, session.notes.frames), width, frames)
        words = "the server prints" if session.up else f"the server {session.ended}"
        rows.append(_rule(words, width))
        rows += _last(map(_printed, session.notes.server), width, server)
    return rows[:height]


def _heights(height: int, *, narrow: bool) -> tuple[int, int, int]:
    """Return how many rows the talk has, the frames, and what the server prints."""
    rest = height - 5 - narrow
    if height < LOW:
        return max(0, rest), 0, 0
    rest -= 2
    server = max(1, rest // 5)
    frames = max(1, rest // 3)
    return rest - frames - server, frames, server


def _title(session: Session, width: int) -> Row:
    step, seconds = session.chat.step, int(session.state["time"])
    clock = f"time stands still  {seconds} s " if session.still else f"{seconds} s "
    sentence = step.sentence if step.kind in ("server", "side") else ""
    words = f" {step.name}  {sentence}"
    left = fit([("title", words)], max(0, width - len(clock)), fill="title")
    return fit([*left, ("title", clock)], width)


def _rule(words: str, width: int) -> Row:
    return [("rule", cut(f"── {words} ", width).ljust(width, "─"))]


def _last(rows: Iterable[Row], width: int, height: int) -> list[Row]:
    """Return the last rows, below them empty ones."""
    found = [fit(row, width) for row in rows][-height:] if height else []
    return found + [fit([], width)] * (height - len(found))


def _frame(line: Line) -> Row:
    return [("dim", f"{line.before}  "), ("", line.text)]


def _printed(line: Line) -> Row:
    style = {"bad": "bad", "note": "note"}.get(line.kind, "")
    return [(style, f" {MARKS.get(line.kind, '')}{line.text}")]


# -- the people


def _people(session: Session, width: int, talk: int) -> list[Row]:
    """Return the columns side by side, or one of them below the names of all."""
    if width < NARROW:
        return [_tabs(session, width), *_column(session, session.chosen, width, talk)]
    rest = width - (len(PEOPLE) - 1)
    share, more = divmod(rest, len(PEOPLE))
    widths = [share + (number < more) for number in range(len(PEOPLE))]
    columns = [
        _column(session, who, of, talk) for who, of in zip(PEOPLE, widths, strict=True)
    ]
    return [_joined(rows) for rows in zip(*columns, strict=True)]


def _joined(rows: Sequence[Row]) -> Row:
    first, *others = rows
    return [*first, *(part for row in others for part in (("rule", "│"), *row))]


def _tabs(session: Session, width: int) -> Row:
    row: Row = []
    for who in PEOPLE:
        mark = "!" if _alarming(session.state["people"][who]) else " "
        style = "chosen" if who == session.chosen else ""
        row += [(style, f" {who.capitalize()}{mark}"), ("", " ")]
    return fit(row, width)


def _column(session: Session, who: str, width: int, talk: int) -> list[Row]:
    person = session.state["people"][who]
    rows = _head(who, person, width, chosen=who == session.chosen)
    said = [row for line in session.notes.columns[who] for row in _message(line, width)]
    return rows + _last(said, width, talk)


def _head(who: str, person: dict[str, Any], width: int, *, chosen: bool) -> list[Row]:
    name, state = f"{'►' if chosen else ' '}{who.capitalize()} ", f"{how(person)} "
    style = "chosen" if chosen else "name"
    gap = " " * (width - cells(name) - cells(state))
    over = person["kept"] > HIGH
    kept, wire = _kib(person["kept"]), _kib(person["wire"])
    waits = f"{'!' if over else ' '}server {kept} + wire {wire} KiB"
    return [
        fit([(style, f"{name}{gap}{state}")], width),
        fit([("", " "), *_bar(person["kept"], person["wire"], width - 2)], width),
        fit([("over" if over else "dim", waits)], width),
        fit([("dim", _sends(person))], width),
    ]


def _alarming(person: dict[str, Any]) -> bool:
    return not person["here"] or person["dropped"] or person["kept"] > HIGH


def _sends(person: dict[str, Any]) -> str:
    if not person["behind"] and not person["unsent"]:
        return ""
    unsent = person["unsent"]
    lines = f", {unsent} unsent" if unsent else ""
    return f" sends: {_kib(person['behind'])} KiB{lines}"


def _bar(kept: int, wire: int, width: int) -> Row:
    """Return a bar: what is in the server, then what is on the wire."""
    width = max(1, width)
    first = _share(kept, width)
    second = min(_share(wire, width), width - first)
    rest = list("·" * width)
    rest[HIGH * width // FULL] = "│"
    style = "over" if kept > HIGH else "kept"
    empty = "".join(rest[first + second :])
    return [(style, "█" * first), ("wire", "░" * second), ("dim", empty)]


def _share(size: int, width: int) -> int:
    return min(width, -(-size * width // FULL))


def _kib(size: int) -> str:
    return "<1" if 0 < size < 1024 else str(round(size / 1024))


def _message(line: Line, width: int) -> list[Row]:
    mark = MARKS[line.kind]
    texts = wrapped(f"{mark}{line.text}", width - 2, "  ")
    return [[(line.kind, f" {text}")] for text in texts]


# -- other pages


def help_page(width: int, height: int) -> list[Row]:
    """Return the rows of the help."""
    keys = "\n".join(
        f"{key.function + ', ^' + key.letter:16}{key.help}"
        for key in (*FOR_ONE, *FOR_ALL)
    )
    lines = HELP.format(keys).splitlines()
    if height <= len(lines):
        lines = [line for line in lines if line]
    title = fit([("title", " What the keys do")], width, fill="title")
    return [title, *(fit([("", f" {line}")], width) for line in lines)][:height]


def steps_page(chosen: int, width: int, height: int) -> list[Row]:
    """Return the rows of the list of steps; of a long one those around the chosen."""
    found = [
        [("chosen" if place == chosen else "", f" {one.name:18} {one.sentence} ")]
        for place, one in enumerate(steps())
    ]
    first = max(0, min(chosen - height // 2, len(found) - height + 2))
    words = " Which step?  ↑ ↓ choose, Enter begins, Esc goes back"
    title = fit([("title", words)], width, fill="title")
    rows = [fit(row, width) for row in ([], *found[first:])]
    return [title, *rows][:height]


# -- the bars below


def bars(session: Session, width: int) -> list[Row]:
    """Return what the keys do now: to the chosen person, and to all."""
    short = width < WIDE
    name = session.chosen.capitalize()
    found = []
    for label, keys, more in ((name, FOR_ONE, []), ("All", FOR_ALL, [QUIT])):
        row: Row = [] if short else [("name", f"{label:6}")]
        for key, words in bar(keys, session.again, short=short) + more:
            row += [("key", key), ("", f" {words}"), ("", " " if short else "  ")]
        found.append(fit(row[:-1], width))
    return found


def status(session: Session, width: int) -> Row:
    """Return what could not be done, or else a hint."""
    if session.refused:
        return fit([("bad", f" {visible(session.refused)}")], width)
    if session.hint:
        return fit([("name", f" {session.hint}")], width)
    words = f" Enter: {session.chosen.capitalize()} says it.  Tab: the next person."
    return fit([("dim", words)], width)
