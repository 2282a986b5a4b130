"""A scene: a run that was recorded, and the moments of it that have a name."""

import inspect
import json
import os
import platform
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from lab.simulation import Spinning, Stuck, run
from lab.stepper.embedded import embedded
from lab.stepper.moment import Moment, moments_of
from lab.stepper.recorder import MOST, Recorder

FORM = 1  # of the JSON

# asyncio's own callbacks are recorded, but few of them are worth a stop.
WORTH_A_STOP = re.compile(
    "net:(arrived|room|connection_lost)|_set_result_unless_cancelled$"
    "|.*_on_timeout$|.*_release_waiter$"
)

Main = Callable[..., Coroutine[Any, Any, None]]
Condition = Callable[[Moment], bool]


class Scene:
    """Runs ``main`` in a recorded simulation; ``print(scene.as_json())`` is a scene.

    ``main`` is a coroutine function without parameters, or with one: it is then given
    the scene, and what it does outside a block ``with scene.shown():`` is the start and
    the tidying up, which nobody has to go through.

    Shown are the files of the steps, that of ``main`` and those in ``files``. Of a
    longer run, only ``most`` moments are recorded. Further options are those of a Loop,
    such as ``faults``. A run that gets stuck, or spins, is a scene, too; what else
    ``main`` raises is raised.
    """

    def __init__(
        self,
        title: str,
        main: Main,
        *,
        seed: int = 0,
        files: Iterable[str] = (),
        most: int = MOST,
        **options: Any,
    ) -> None:
        own = inspect.unwrap(main).__code__.co_filename
        self._own = os.path.basename(own)
        self._recorder = Recorder([own, *files], most)
        error = self._run(main, {"seed": seed, **options})
        self._tell(title, seed, error)

    @classmethod
    def of(
        cls, title: str, recorder: Recorder, *, seed: int = 0, error: str = ""
    ) -> Self:
        """Return a scene of what was recorded already; ``error`` says how it ended."""
        scene = cls.__new__(cls)
        scene._recorder, scene._own = recorder, ""
        scene._tell(title, seed, error)
        return scene

    def _tell(self, title: str, seed: int, error: str) -> None:
        self.title, self.seed, self._error = title, seed, error
        self._told = self._recorder.told()
        self._moments = list(moments_of(self._told))
        self._marks: list[dict[str, Any]] = [
            {"name": f"note-{n}", "title": title, "says": says, "moment": moment}
            for n, (moment, title, says) in enumerate(self._recorder.notes, 1)
            if self._recorder.first <= moment < len(self._moments)
        ]

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show what happens in the block, and nothing after it."""
        self._recorder.begin()
        try:
            yield
        finally:
            self._recorder.end()

    @property
    def moments(self) -> list[Moment]:
        """All that was recorded, what led to the first moment shown included."""
        return self._moments

    @property
    def missed(self) -> int:
        """How many moments there were that were not recorded."""
        return self._recorder.missed

    def mark(
        self,
        name: str,
        title: str,
        says: str,
        when: Condition,
        *,
        claims: Condition | None = None,
        look: str = "",
    ) -> Moment:
        """Give a name to the first moment for which ``when`` is true, and return it.

        It is looked for after the one that was named last. ``says`` is a sentence of
        the text, and ``claims`` has to be true of the moment, if the sentence is.
        ``look`` is a piece of the one line of code that the reader should look at.
        LookupError if there is no such moment or line, or if the claim is not true.
        """
        begin = self._marks[-1]["moment"] + 1 if self._marks else self._recorder.first
        found = next((each for each in self._moments[begin:] if when(each)), None)
        if found is None:
            raise LookupError(self._not_found(name, begin))
        if claims is not None and not claims(found):
            raise LookupError(
                f"scene {self.title!r}: what {name!r} says is not so at {found}: {says}"
            )
        index = found.index
        mark = {"name": name, "title": title, "says": says, "moment": index}
        self._marks.append(mark | ({"look": self._line(look)} if look else {}))
        return found

    def _line(self, code: str) -> tuple[int, int]:
        """Return the file and the line that contain the code; LookupError."""
        found = [
            (n, number)
            for n, file in enumerate(self._told["files"])
            for number, line in enumerate(file["t"].splitlines(), 1)
            if code in line
        ]
        # The program of the scene names the line, too, to have it looked at.
        others = [(n, line) for n, line in found if not self._is_own(n)]
        if len(others or found) != 1:
            raise LookupError(
                f"{code!r} is on {len(others or found)} lines, not on one"
            )
        return (others or found)[0]

    def _is_own(self, file: int) -> bool:
        return bool(self._told["files"][file]["n"] == self._own)

    def as_json(self) -> str:
        """Return the scene as the stepper reads it; the same for the same run."""
        whole: dict[str, Any] = {
            "v": FORM,
            "title": self.title,
            "seed": self.seed,
            "python": platform.python_version(),
            "stops": self._stops(),
            "marks": self._marks,
            **self._told,
        }
        if self._error:
            whole["error"] = self._error
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))

    def _stops(self) -> list[int]:
        """Return the moments at which the viewer stops."""
        named = {mark["moment"] for mark in self._marks}
        every = range(self._recorder.first, len(self._moments))
        return [i for i in every if i in named or self._is_worth_a_stop(i)]

    def _is_worth_a_stop(self, i: int) -> bool:
        moment = self._told["moments"][i]
        if "x" in moment:
            return False
        if moment["a"] >= 0:
            return "own" in self._told["tasks"][moment["a"]]
        event = self._moments[i].event
        return bool(WORTH_A_STOP.match(event)) or "g" in moment or "l" in moment

    def _repr_html_(self) -> str:
        """Return the stepper, for a notebook."""
        return embedded(self.as_json())

    def _run(self, main: Main, options: dict[str, Any]) -> str:
        takes = inspect.signature(main).parameters
        coroutine = main(self) if takes else main()
        with self._recorder.recording():
            try:
                run(coroutine, debug=False, loop_factory=self._recorder.loop, **options)
            except (Stuck, Spinning) as error:
                return str(error)
        return ""

    def _not_found(self, name: str, begin: int) -> str:
        seen = {each.task: each.waits for each in self._moments[begin:] if each.task}
        last = "; ".join(f"{task}: {waits or 'ended'}" for task, waits in seen.items())
        cut = f"; {self.missed} moments were not recorded" if self.missed else ""
        return (
            f"scene {self.title!r}: no moment from {begin} to {len(self._moments) - 1} "
            f"is {name!r}{cut}; tasks, and what each waits for at last: {last}"
        )
