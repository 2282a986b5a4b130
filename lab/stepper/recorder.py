"""Records what the loop of a simulation runs, a moment for each callback.

A moment holds differences only, by short names, as a scene has them:

- ``t`` the turn, ``a`` who ran (a task, or below 0 another callback), ``c`` the clock;
- ``s`` where a task went on, ``w`` where it waits now, ``f`` for what, ``on`` for which
  task, ``e`` how it ended, ``l`` the lines that ran;
- ``p`` what became ready, ``tn`` and ``tg`` timers that were set and are gone;
- ``v`` and ``g`` the variables of the task, and of modules, that have changed;
- ``n`` what changed in the network, ``o`` what was printed;
- ``x`` a callback that was cancelled before its time came.
"""

import asyncio
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from lab import parsing
from lab.simulation import Loop, Watcher
from lab.stepper.files import Files
from lab.stepper.folding import folded
from lab.stepper.lines import Lines, Trail, lines_of
from lab.stepper.names import Names
from lab.stepper.traffic import Traffic
from lab.stepper.values import Values
from lab.suspended import as_task, chain, given_name, look_along

MOST = 800  # moments: more would not be gone through

Place = list[int]  # the number of a file, and of a line in it
PLACES = ("s", "w", "l")  # of a moment: lists that begin with the number of a file


class Recorder(Watcher):
    """Notes what a loop runs; ``files`` are shown beside those of the steps.

    After ``most`` moments it only counts those that it has ``missed``. If that is None
    it never stops, and from time to time it is to ``forget`` the oldest.
    """

    def __init__(self, files: Iterable[str] = (), most: int | None = MOST) -> None:
        self.files = Files(files)
        self.traffic = Traffic()
        self.names = Names(self.files, self.traffic)
        self.moments: list[dict[str, Any]] = []
        self.frames: list[list[Any]] = []
        self.before: list[dict[str, Any]] = []  # what is left of those forgotten
        self.notes: list[tuple[int, str, str]] = []  # a moment, a title, a sentence
        self.missed = 0
        self.first = 0  # the first moment that is shown
        self.network_names: dict[Any, str] = {}
        self._most = most
        self._over = False
        self._ready: dict[int, int] = {}  # who runs in a callback, by the id of it
        self._lines: Lines | None = None
        self._values = Values(self.files)
        self._printed = io.StringIO()
        self._timers: dict[int, tuple[int, Any]] = {}  # by id: equal ones differ
        self._timer_numbers = itertools.count(1)
        self._set: list[tuple[int, Any]] = []
        self._gone: list[int] = []
        self._waits: dict[int, tuple[list[Place], str]] = {}
        self._clock = -1.0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Note lines and prints of what runs in the block, and collect no garbage.

        When garbage is collected differs from run to run, and what it ends may have
        something left to do in the loop.
        """
        self.start()
        try:
            with redirect_stdout(self._printed), parsing.nothing_collected():
                yield
        finally:
            self.stop()

    def start(self) -> None:
        """Note lines from now on, which takes too long to be begun for every slice."""
        self._lines = lines_of(self.files)
        self._lines.start()

    def stop(self) -> None:
        """Note no more lines."""
        if self._lines is not None:
            self._lines.stop()
        self._lines = None

    def loop(self, **options: Any) -> Loop:
        """Return a loop that is recorded until its ``run_until_complete`` returns.

        What asyncio tidies up after that is no part of the run. Options are Loop's.
        """
        loop = _Recorded(**options)
        loop.recorder = self
        self.look_at(loop)
        return loop

    def look_at(self, loop: Loop) -> None:
        """Watch a loop, and its network."""
        self.network_names = loop.network.names
        loop.watch(self)
        loop.network.observers.append(self.traffic)

    def begin(self) -> None:
        """Show what runs from now on; what has run before is only what led to it."""
        self.first = len(self.moments)

    def end(self) -> None:
        """Record nothing more, not even the moment that ends here."""
        self._over = True
        self._let_go()

    @property
    def ended(self) -> bool:
        """Whether nothing more is recorded: the end has come, or there is no room."""
        full = self._most is not None and len(self.moments) >= self._most
        return self._over or full

    def note(self, title: str, says: str) -> None:
        """Give a name to the moment that comes next."""
        self.notes.append((len(self.moments), title, says))

    def note_change(self, title: str, direction: int) -> None:
        """Give a name to the last moment that changed a direction of a connection."""
        for index in range(len(self.moments) - 1, -1, -1):
            if any(
                change[0] == direction for change in self.moments[index].get("n", ())
            ):
                self.notes.append((index, title, title + "."))
                return

    def forget(self, keep: int) -> None:
        """Keep so many moments, the last ones, and what was so before them."""
        cut = len(self.moments) - keep
        if cut <= 0:
            return
        self.before = folded([*self.before, *self.moments[:cut]])
        del self.moments[:cut]
        self.first = max(0, self.first - cut)
        self.frames = [
            [*frame, max(-1, moment - cut)]
            for *frame, moment in self.frames
            if moment >= cut or self.traffic.is_under_way(*frame[:3])
        ]
        self.notes = [(n - cut, title, s) for n, title, s in self.notes if n >= cut]
        self._values.shift(cut)

    def _let_go(self) -> None:
        """Keep nothing alive that was only needed to record more."""
        self.traffic.ended = True
        for kept in (self._timers, self._set, self._gone, self._ready):
            kept.clear()

    # -- what the loop tells

    def run(self, loop: Loop, handle: Any, go: Callable[[], None]) -> None:
        """Run a callback, and note what it has changed."""
        if self.ended:
            self.missed += not self._over
            go()
            return
        ready = loop._ready
        task = getattr(handle._callback, "__self__", None)
        task = task if isinstance(task, asyncio.Task) else None
        moment = self._begun(loop, handle, task)
        waiting = len(ready)
        printed = self._printed.tell()
        trail: Trail = []
        try:
            if self._lines is None:
                go()
            else:
                self._lines.run(go, trail)
        finally:
            if not self._over:
                pushed = itertools.islice(ready, waiting, None)
                # One that is cancelled already will not run, and has forgotten what.
                alive = [each for each in pushed if not each.cancelled()]
                if alive:
                    moment["p"] = [self._pushed(each) for each in alive]
                if task is not None:
                    self._note_task(moment, task)
                if trail:
                    moment["l"] = _grouped(trail)
                self._note_others(moment, printed)
                self.moments.append(moment)
                if self.ended:
                    self._let_go()

    def skipped(self, loop: Loop, handle: Any) -> None:
        """Note a callback that was cancelled while it was ready to run."""
        # It has forgotten what it was to call; a timer was not seen to become ready.
        if not self.ended and (actor := self._ready.pop(id(handle), None)) is not None:
            self.moments.append({"t": loop.turn, "a": actor, "x": 1})

    def timer_set(self, loop: Loop, timer: Any) -> None:
        """Note a timer."""
        if self.ended:
            return
        number = next(self._timer_numbers)
        self._timers[id(timer)] = number, timer
        self._set.append((number, timer))

    def timer_gone(self, loop: Loop, timer: Any) -> None:
        """Note that a timer is gone."""
        number, _ = self._timers.pop(id(timer), (0, None))
        if number:
            self._gone.append(number)

    # -- a moment

    def _pushed(self, handle: Any) -> int:
        """Return who runs in a callback that has become ready."""
        actor = self._ready[id(handle)] = self.names.actor(handle)
        return actor

    def _begun(self, loop: Loop, handle: Any, task: Any) -> dict[str, Any]:
        self._ready.pop(id(handle), None)
        moment: dict[str, Any] = {"t": loop.turn, "a": self.names.actor(handle)}
        if (now := round(loop.time(), 6)) != self._clock:
            moment["c"] = self._clock = now
        if task is None:
            self.traffic.opener = ""
            return moment
        self.traffic.opener = given_name(task)
        if moment["a"] not in self._waits:
            places, frames = self._own(chain(task).frames)
            for frame in frames:
                self._values.meet(frame, len(self.moments))
        else:
            places, _ = self._waits[moment["a"]]
        if places:
            moment["s"] = places
        return moment

    def _note_task(self, moment: dict[str, Any], task: asyncio.Task[Any]) -> None:
        """Note where a task waits, or how it has ended."""
        number = moment["a"]
        if task.done():
            # Not exception(): asyncio would believe that somebody has looked at it.
            error = getattr(task, "_exception", None)
            ended = type(error).__name__ if error is not None else "done"
            moment["e"] = "cancelled" if task.cancelled() else ended
            moment["w"] = []
            return
        future = getattr(task, "_fut_waiter", None)
        frames, end = chain(task)
        places, own = self._own(frames)
        what = look_along(frames, end, future).what
        if self._waits.get(number) != (places, what):
            self._waits[number] = places, what
            moment["w"], moment["f"] = places, self.names.label(what)
        if (other := as_task(future)) is not None:
            moment["on"] = self.names.task(other)
        for frame in own:
            self._values.meet(frame, len(self.moments))
        if own and (values := self._values.of_task(number, own[-1])) is not None:
            moment["v"] = values

    def _note_others(self, moment: dict[str, Any], printed: int) -> None:
        if values := self._values.of_modules():
            moment["g"] = values
        if self._set:
            moment["tn"] = [
                [number, round(timer.when(), 6), self.names.waiter(timer)]
                for number, timer in self._set
            ]
            self._set = []
        if self._gone:
            moment["tg"], self._gone = self._gone, []
        for direction, begin, end, text in self.traffic.frames():
            self.frames.append([direction, begin, end, text, len(self.moments)])
        if changes := self.traffic.changed():
            moment["n"] = changes
        if text := self._printed.getvalue()[printed:]:
            moment["o"] = text

    def _own(self, frames: list[Any]) -> tuple[list[Place], list[Any]]:
        places, own = [], []
        for frame in frames:
            file = self.files.number(frame.f_code.co_filename)
            if file is not None:
                places.append([file, frame.f_lineno])
                own.append(frame)
        return places, own

    # -- the whole

    def told(self) -> dict[str, Any]:
        """Return what was recorded, as a scene has it; see the module."""
        moments = [dict(moment) for moment in self.moments]
        before = [dict(moment) for moment in self.before]
        for index, name, words in self._values.before():
            if index < len(moments):
                first = moments[index] if index >= 0 else before[-1]
                first["g"] = {name: words} | first.get("g", {})
        for moment in moments[: self.first]:
            moment.pop("l", None)
        used = {seen.file for seen in self.names.tasks if seen.file is not None}
        both = (*before, *moments)
        used |= {place[0] for moment in both for place in _places(moment)}
        files, numbers = self.files.in_order(used)
        for moment in both:
            _renumber(moment, numbers)
        connections = self.names.in_words(self.network_names)
        return {
            **({"before": before} if before else {}),
            "files": files,
            "tasks": self._tasks(connections, numbers),
            "labels": self.names.labels,
            "conns": connections,
            "frames": self.frames,
            "moments": moments,
            "missed": self.missed,
        }

    def _tasks(self, connections: list[str], numbers: list[int]) -> list[Any]:
        found = []
        for seen, name in zip(
            self.names.tasks, self.names.of_tasks(connections), strict=True
        ):
            task: dict[str, Any] = {"n": name}
            if seen.shown:
                task["own"] = 1
            if seen.file is not None:
                task |= {"f": numbers[seen.file], "l": seen.line}
            if seen.serves is not None:
                task["who"] = connections[seen.serves]
            found.append(task)
        return found


class _Recorded(Loop):
    recorder: Recorder

    def run_until_complete(self, future: Any) -> Any:
        """Run, and record no more."""
        try:
            return super().run_until_complete(future)
        finally:
            self.recorder.end()


def _grouped(trail: Trail) -> list[list[int]]:
    """Return a trail as lists: the number of a file, and the lines that ran in it."""
    runs: list[list[int]] = []
    for file, line in trail:
        if not runs or runs[-1][0] != file:
            runs.append([file])
        runs[-1].append(line)
    return runs


def _places(moment: dict[str, Any]) -> list[list[int]]:
    """Return all lists of a moment that begin with the number of a file."""
    return [place for name in PLACES for place in moment.get(name, ())]


def _renumber(moment: dict[str, Any], numbers: list[int]) -> None:
    for name in PLACES:
        if name in moment:
            moment[name] = [[numbers[file], *lines] for file, *lines in moment[name]]
