"""A step, three people and their network, in a simulation driven from outside.

Nothing happens between two calls: ``advance`` lets so many seconds pass on the server's
clock, and returns what has happened as *events*. An event is a dictionary with a
``kind`` and the ``time`` in seconds:

- ``typed``: a ``text`` that the person ``who`` is going to send;
- ``sent`` and ``heard``: a ``message`` of the person ``who``;
- ``frame``: what was written, ``by`` and ``to`` whom, its ``size`` in bytes, the first
  bytes (``header``) in hexadecimal and the ``text`` after them;
- ``left``: the person ``who`` is not in the chat any more, and ``why``; ``unsent`` is
  how many of their lines were never sent, ``unread`` how many bytes of those that were
  sent the server has not read;
- ``printed`` and ``complained``: a ``text`` on the server's stdout, or its stderr;
- ``stopped`` and ``hangs``: how Ctrl-C has ended, with the exit ``status``.
"""

import asyncio
import collections
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self

from lab import parsing
from lab.host import start
from lab.host.in_loop import InLoop
from lab.play.person import Person
from lab.simulation import Loop
from lab.stepper import MOST, Recorder, Scene
from lab.stepper.traffic import BROKEN, CLOSED, Joined
from lab.story import find
from lab.unmet import Unmet
from lab.wire import HEADER

FIRST = "05"  # the first step that delivers what is said
PEOPLE = ("alice", "bob", "cleo")
MUCH = 60, 8000  # messages said at once, and the characters of each
KEPT = 400  # events, for a notebook
LONGEST = 160  # characters of a text in an event
BEGINNING = 20  # characters that are left of a longer one
CLOSING = 30.0  # seconds of the server's clock that the end of a chat may take

Event = dict[str, Any]


class Chat:
    """A step that runs, with Alice, Bob and Cleo in a room of it.

    ``settings`` changes upper-case constants of the step. What happens is recorded, so
    that ``scene`` can show it. Raises what ``lab.start`` raises, and ValueError for a
    step that delivers nothing.
    """

    def __init__(
        self, step: str = "05", settings: Mapping[str, str] | None = None
    ) -> None:
        self.step = find(step)
        if self.step.kind not in ("server", "side") or self.step.number < FIRST:
            raise ValueError(
                f"{self.step.name} delivers nothing: the chat begins at 05"
            )
        self.people = {name: Person(name) for name in PEOPLE}
        self.loop = Loop()
        self._settings = dict(settings or {})
        self._recorder = Recorder(most=None)
        self._recorder.look_at(self.loop)
        self._recorder.start()
        self._shown = 0  # frames
        self._gone: set[str] = set()  # those who are known to have left
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._events: list[Event] = []
        self._last: collections.deque[Event] = collections.deque(maxlen=KEPT)
        self._server: InLoop | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._ends: list[Event] = []  # of the server: it may hang, and end later
        self._ends_told = 0
        self._closed: set[int] = set()  # connections, by the server
        self.note("All three come in")
        self._main = self.loop.create_task(self._live(), name="the chat")
        self._let_pass(0.0)
        if self._main.done():  # it could not be started
            self._recorder.stop()
            self.loop.close()
            self._main.result()

    # -- time

    @property
    def time(self) -> float:
        """The seconds on the server's clock."""
        return self.loop.time()

    def advance(self, seconds: float = 0.0) -> list[Event]:
        """Let so many seconds pass, and return what has happened."""
        self._let_pass(self.time + seconds)
        return self.news()

    def news(self) -> list[Event]:
        """Return what has happened since this was last asked; no time passes."""
        events, self._events = self._events, []
        self._last.extend(events)
        return events

    def _let_pass(self, until: float) -> None:
        due = self.loop.due()
        if due is not None and due <= until:
            with parsing.nothing_collected():
                while self.loop.take_turn(until):
                    self._tell()
        self.loop.advance(until)

    def _forget_the_oldest(self) -> None:
        if len(self._recorder.moments) > 2 * MOST:
            self._recorder.forget(MOST)
            self._shown = len(self._recorder.frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server and everybody in the chat; nothing can be done after that."""
        if self.loop.is_closed():
            return
        self._recorder.end()
        self._recorder.stop()
        self._main.cancel()
        try:
            self.loop.advance(self.time + CLOSING)
        finally:
            self.loop.network.drop()  # what a dead wire still holds
            self.loop.close()

    # -- what can be done

    def say(self, who: str, text: str) -> None:
        """Type a line for somebody.

        LookupError if nobody has this name, ValueError for one who is not in the chat.
        """
        person = self._present(who)
        self.note(f"{_name(who)} says {_brief(text, 24)!r}")
        self._type(person, text)

    def do(self, name: str, who: str = "") -> None:
        """Do one of FAULTS to somebody, or to all.

        LookupError if there is no such fault or person, ValueError if it cannot be done
        now.
        """
        if name not in FAULTS:
            raise LookupError(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
        words, act = FAULTS[name]
        act(self, who)  # which begins with the next turn
        self.note(words.format(_name(who)))

    def _person(self, who: str) -> Person:
        if who not in self.people:
            raise LookupError(
                f"nobody is called {who!r}; there are: {', '.join(PEOPLE)}"
            )
        return self.people[who]

    def _present(self, who: str) -> Person:
        person = self._person(who)
        if person.end or person.client is None:
            raise ValueError(f"{_name(who)} is not in the chat")
        return person

    def note(self, title: str) -> None:
        """Give a name to what comes next, for the scene."""
        self._recorder.note(title, f"At {self.time:.1f} s: {title}.")

    def _soon(self, act: Callable[..., object], *arguments: object) -> None:
        self.loop.call_soon(act, *arguments)

    def _much(self, who: str) -> None:
        person, (times, characters) = self._present(who), MUCH
        for number in range(1, times + 1):
            text = f"{number} of {times} "
            self._type(person, text + "x" * (characters - len(text)))

    def _type(self, person: Person, text: str) -> None:
        self._event("typed", who=person.name, text=_brief(text))
        self._soon(person.type, text)

    def _pause(self, who: str) -> None:
        self._soon(self._present(who).pause)

    def _resume(self, who: str) -> None:
        self._soon(self._present(who).resume)

    def _reset(self, who: str) -> None:
        self._soon(self._present(who).reset)

    def _cut(self, who: str) -> None:
        self._soon(self._pull_the_cable, self._present(who))

    def _pull_the_cable(self, person: Person) -> None:
        assert person.client is not None, "the person is present"
        person.plugged_in = False
        with suppress(LookupError):  # the server has closed it a moment ago
            self.loop.network.cut(person.client.connection.address)

    def _come_back(self, who: str) -> None:
        person = self._person(who)
        if not person.end and person.plugged_in:
            raise ValueError(f"{_name(who)} is in the chat already")
        self._soon(self._enter, person)

    def _enter(self, person: Person) -> None:
        name = person.name
        if name in self._lives:
            self._lives[name].cancel()
        self._gone.discard(name)
        life = person.live(self.server)
        self._lives[name] = self._group.create_task(life, name=f"{name} types")

    def _stop(self, _: str) -> None:
        if self._stopping is not None:
            raise ValueError("the server has been stopped already")
        self._soon(self._begin_to_stop)

    def _begin_to_stop(self) -> None:
        self._stopping = self._group.create_task(self._end_of_main(), name="Ctrl-C")

    # -- what is so

    @property
    def server(self) -> InLoop:
        """The step that runs."""
        assert self._server is not None, "it has begun"
        return self._server

    def state(self) -> dict[str, Any]:
        """Return the ``time``, how the ``server`` is, and how ``people`` are.

        The server is ``up``, ``stopping``, ``stopped``, or it ``hangs``. Of each
        person: whether they are ``here``, ``reads``, is ``plugged`` in, and was
        ``dropped`` by the server, which they may not know yet; the bytes for them that
        wait in the server (``kept``) and on the ``wire``, and those that wait there for
        earlier connections of theirs (``old``); the bytes from them that the server has
        not read (``behind``), and how many lines are ``unsent``.
        """
        people = {name: self._state(person) for name, person in self.people.items()}
        server = "up" if self._stopping is None else "stopping"
        server = self._ends[-1]["kind"] if self._ends else server
        return {"time": round(self.time, 3), "server": server, "people": people}

    def _state(self, person: Person) -> dict[str, Any]:
        kept = wire = behind = 0
        dropped = False
        found = self._connections(person)
        if found and not person.end:
            behind = self._behind(person)
            joined = found.pop()
            kept, wire = _under_way(joined)
            dropped = _is_closed(joined)
        old = [_under_way(one) for one in found if not _is_closed(one)]
        return {
            "here": not person.end,
            "reads": person.reads,
            "plugged": person.plugged_in,
            "dropped": dropped,
            "kept": kept,
            "wire": wire,
            "old": sum(map(sum, old)),
            "behind": behind,
            "unsent": person.unsent,
        }

    def _behind(self, person: Person) -> int:
        """Return the bytes from somebody that the server has not read."""
        found = self._connections(person)
        if not found:
            return 0
        written, _, _, read, _ = found[-1].directions[0].seen
        return written - read

    def _connections(self, person: Person) -> list[Joined]:
        names = self.loop.network.names
        found = self._recorder.traffic.connections
        return [one for one in found if names.get(one.client) == person.name]

    def scene(self) -> Scene:
        """Return what has happened last, moment by moment, for the stepper."""
        return Scene.of(f"What has just happened to {self.step.name}", self._recorder)

    def _repr_html_(self) -> str:
        """Return the three of them, for a notebook."""
        from lab.play.shown import shown  # which needs this module

        return shown(self.state(), self._last)

    # -- in the loop

    async def _live(self) -> None:
        """Start the step, let everybody in, and wait until the chat is closed."""
        started = await start(self.step, settings=self._settings)
        async with started as self._server, asyncio.TaskGroup() as self._group:
            for person in self.people.values():
                self._enter(person)
                await person.entered.wait()
            await asyncio.Event().wait()

    async def _end_of_main(self) -> None:
        """Press Ctrl-C, and tell how that ends."""
        try:
            status = await self.server.cancel_main()
        except Unmet:
            self._ends.append({"kind": "hangs"})
            await asyncio.wait({self.server.main})
            status = await self.server.cancel_main()
        self._ends.append({"kind": "stopped", "status": status})

    # -- events

    def _event(self, kind: str, **more: Any) -> None:
        self._events.append({"kind": kind, "time": round(self.time, 3), **more})

    def _tell(self) -> None:
        """Add what has happened in a turn to the events."""
        for frame in self._recorder.frames[self._shown :]:
            self._tell_frame(*frame[:4])
        self._shown = len(self._recorder.frames)
        noted = ((one, who) for who, each in self.people.items() for one in each.news())
        for one, who in sorted(noted, key=lambda pair: pair[0].moment):
            kind = "sent" if one.sent else "heard"
            self._event(kind, who=who, message=_shortened(one.message))
        for who, person in self.people.items():
            if person.end and who not in self._gone:
                self._gone.add(who)
                unsent = len(person.forget_what_was_typed())
                unread = self._behind(person)
                self._event(
                    "left", who=who, why=person.end, unsent=unsent, unread=unread
                )
        if self._server is not None:
            for line in filter(None, self._server.printed().split("\n")):
                self._event("printed", text=line)
            if complaint := self._server.errors.news():
                self._event("complained", text=complaint)
        for end in self._ends[self._ends_told :]:
            self._event(**end)
        self._ends_told = len(self._ends)
        self._note_who_is_dropped()
        self._forget_the_oldest()

    def _note_who_is_dropped(self) -> None:
        """Give a name to the moment in which the server closes a connection."""
        traffic, names = self._recorder.traffic, self.loop.network.names
        for number, joined in enumerate(traffic.connections):
            if number not in self._closed and _is_closed(joined):
                self._closed.add(number)
                who = _name(names.get(joined.client, "somebody"))
                self._recorder.note_change(
                    f"The server lets go of {who}", 2 * number + 1
                )

    def _tell_frame(self, direction: int, begin: int, end: int, text: str) -> None:
        joined = self._recorder.traffic.connections[direction // 2]
        client = self.loop.network.names.get(joined.client, "somebody")
        by, to = ("the server", client) if direction % 2 else (client, "the server")
        header = (end - begin - HEADER).to_bytes(HEADER, "little").hex(" ")
        self._event("frame", by=by, to=to, size=end - begin, header=header, text=text)


def _is_closed(joined: Joined) -> bool:
    """Whether the server has closed its end of a connection, or was told of a reset."""
    return bool(joined.directions[1].seen[4] & (CLOSED | BROKEN))


def _under_way(joined: Joined) -> tuple[int, int]:
    """Return the bytes for a client in the server, and those on the wire to it."""
    written, sent, received, _, _ = joined.directions[1].seen
    return 0 if _is_closed(joined) else written - sent, sent - received


def _name(who: str) -> str:
    return who.capitalize()


def _brief(text: str, most: int = LONGEST) -> str:
    if len(text) <= most:
        return text
    return f"{text[:BEGINNING]} … ({len(text)} characters)"


def _shortened(message: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _brief(value) if isinstance(value, str) else value
        for key, value in message.items()
    }


# What can be done to somebody, or to all, and what to call it afterwards.
FAULTS: dict[str, tuple[str, Callable[[Chat, str], object]]] = {
    "pause": ("{} stops reading", Chat._pause),
    "resume": ("{} reads again", Chat._resume),
    "cut": ("{}'s cable is pulled", Chat._cut),
    "reset": ("{} breaks the connection off", Chat._reset),
    "return": ("{} comes back", Chat._come_back),
    "much": ("{} says much at once", Chat._much),
    "stop": ("The server is stopped", Chat._stop),
}
