"""A moment of a scene with all that was so in it, to be asked by a condition."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lab.stepper.traffic import BROKEN, CLOSED, FINISHED, PAUSED

FROM_SERVER, FROM_CLIENT = 1, 0


@dataclass
class _State:
    """What was so after a moment; what does not change is shared with the one before.

    ``waits`` says of each task what it waits for, and in which lines; ``bytes`` of each
    direction how many were written, sent, received and read, and what is so of it.
    """

    time: float = 0.0
    waits: dict[int, tuple[str, list[list[int]]]] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    variables: dict[int, dict[str, str]] = field(default_factory=dict)
    of_modules: dict[str, str] = field(default_factory=dict)
    bytes: dict[int, list[int]] = field(default_factory=dict)


class Moment:
    """A moment. What is asked of the task that ran is empty for another callback."""

    def __init__(self, scene: dict[str, Any], index: int, state: _State) -> None:
        self.index = index
        self._scene, self._state = scene, state
        self._moment: dict[str, Any] = scene["moments"][index]

    # -- what happened in it

    @property
    def turn(self) -> int:
        """The number of the turn of the loop."""
        return int(self._moment["t"])

    @property
    def time(self) -> float:
        """The seconds on the clock of the loop."""
        return self._state.time

    @property
    def task(self) -> str:
        """The name of the task that ran."""
        actor = self._moment["a"]
        return self._tasks[actor]["n"] if actor >= 0 else ""

    @property
    def event(self) -> str:
        """The other callback that ran, such as ``net:arrived:0s``; empty for a task."""
        actor = self._moment["a"]
        return "" if actor >= 0 else self._scene["labels"][-1 - actor]

    @property
    def waits(self) -> str:
        """What the task that ran waits for now, such as ``StreamWriter.drain``."""
        return self.waiting(self.task) if self.task else ""

    @property
    def ended(self) -> str:
        """How the task that ran has ended: done, cancelled, or its exception's name."""
        return str(self._moment.get("e", ""))

    @property
    def woken(self) -> list[str]:
        """The names of the tasks that became ready to run."""
        return [
            self._tasks[each]["n"] for each in self._moment.get("p", ()) if each >= 0
        ]

    @property
    def printed(self) -> str:
        """What was printed."""
        return str(self._moment.get("o", ""))

    @property
    def written(self) -> list[tuple[str, str]]:
        """The frames that were written: for which client or "the server", and text."""
        clients = self._scene["conns"]
        return [
            (clients[way // 2] if way % 2 == FROM_SERVER else "the server", text)
            for way, _, _, text, moment in self._scene["frames"]
            if moment == self.index
        ]

    def ran(self, code: str) -> bool:
        """Whether a line ran that contains this code."""
        places = [
            (file, line) for file, *lines in self._moment.get("l", ()) for line in lines
        ]
        return any(code in self._line(*place) for place in places)

    # -- what was so after it

    def is_at(self, code: str, task: str = "") -> bool:
        """Whether a task, or the one that ran, waits in a line that contains this."""
        if not (task or self.task):
            return False
        _, places = self._state.waits.get(self._number(task or self.task), ("", []))
        return any(code in self._line(*place) for place in places)

    def waiting(self, task: str) -> str:
        """Return what a task waits for; empty before it begins, and after its end."""
        number = self._number(task)
        return "" if self.end_of(task) else self._state.waits.get(number, ("",))[0]

    def end_of(self, task: str) -> str:
        """Return how a task has ended; empty while it has not."""
        return self._state.ended.get(self._number(task), "")

    def value(self, name: str, task: str = "") -> str:
        """Return a variable of a task, or of a module; empty if it is not shown."""
        if not task:
            return self._state.of_modules.get(name, "")
        return self._state.variables.get(self._number(task), {}).get(name, "")

    def kept(self, client: str, way: int = FROM_SERVER) -> int:
        """Return the bytes for a client that wait in the server for room on the wire.

        This and the next three can be asked of the other way, too: ``FROM_CLIENT``.
        """
        written, sent, *_ = self._bytes(client, way)
        return written - sent

    def on_the_wire(self, client: str, way: int = FROM_SERVER) -> int:
        """Return the bytes for a client that are on their way."""
        _, sent, received, *_ = self._bytes(client, way)
        return sent - received

    def unread(self, client: str, way: int = FROM_SERVER) -> int:
        """Return the bytes that have arrived at a client, and were not read yet."""
        _, _, received, read, _ = self._bytes(client, way)
        return received - read

    def read(self, client: str, way: int = FROM_SERVER) -> int:
        """Return the bytes that a client has read so far."""
        return self._bytes(client, way)[3]

    def must_wait(self, client: str) -> bool:
        """Whether more is kept for a client than a task that drains may add to."""
        return self._is(client, PAUSED)

    def finished(self, client: str) -> bool:
        """Whether the server will send nothing more to a client."""
        return self._is(client, FINISHED)

    def closed(self, client: str) -> bool:
        """Whether the server's end of a connection is closed, or was broken off."""
        return self._is(client, CLOSED) or self._is(client, BROKEN)

    def __str__(self) -> str:
        who = self.task or self.event
        return f"moment {self.index}, turn {self.turn}, {self.time:g} s, {who}"

    @property
    def _tasks(self) -> list[Any]:
        return self._scene["tasks"]  # type: ignore[no-any-return]

    def _number(self, task: str) -> int:
        names = [each["n"] for each in self._tasks]
        return _index(names, task, "task")

    def _bytes(self, client: str, way: int) -> list[int]:
        number = 2 * _index(self._scene["conns"], client, "connection") + way
        return self._state.bytes.get(number, [0] * 5)

    def _is(self, client: str, what: int) -> bool:
        return bool(self._bytes(client, FROM_SERVER)[4] & what)

    def _line(self, file: int, line: int) -> str:
        lines = self._scene["files"][file]["t"].splitlines()
        return str(lines[line - 1]) if 0 < line <= len(lines) else ""


def moments_of(scene: dict[str, Any]) -> Iterator[Moment]:
    """Yield the moments of a scene, in their order."""
    state = _State()
    for moment in scene.get("before", ()):
        state = _after(scene, state, moment)
    for index, moment in enumerate(scene["moments"]):
        state = _after(scene, state, moment)
        yield Moment(scene, index, state)


def _after(scene: dict[str, Any], before: _State, moment: dict[str, Any]) -> _State:
    state, actor = replace(before), moment["a"]
    state.time = moment.get("c", state.time)
    if "w" in moment:
        what = scene["labels"][moment["f"]] if "f" in moment else ""
        state.waits = state.waits | {actor: (what, moment["w"])}
    if "e" in moment:
        state.ended = state.ended | {actor: moment["e"]}
    if "v" in moment:
        state.variables = state.variables | {actor: moment["v"]}
    state.of_modules = state.of_modules | moment.get("g", {})
    for way, *more, flags in moment.get("n", ()):
        old = state.bytes.get(way, [0] * 5)
        new = [was + added for was, added in zip(old[:4], more, strict=True)]
        state.bytes = state.bytes | {way: [*new, flags]}
    return state


def _index(names: list[str], name: str, kind: str) -> int:
    """Return the place of a name; LookupError says which there are."""
    if name not in names:
        there = ", ".join(names) or "none"
        raise LookupError(
            f"no {kind} of the scene is called {name!r}; there are: {there}"
        )
    return names.index(name)
