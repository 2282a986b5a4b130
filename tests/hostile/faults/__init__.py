"""Everything that hostile clients do, a function each, grouped by what it attacks.

The first sentence of a function says what is done, and what is to come of it.
"""

import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from lab import story
from lab.host import settings_of
from lab.story import Step


@dataclass(frozen=True)
class Fault:
    """One thing that hostile clients do, and the first step that survives it.

    ``settings`` are those of the server that the fault needs: times that nobody wants
    to wait for, for instance. A server with other settings is another server.
    """

    group: str
    name: str
    sentence: str
    since: str
    play: Callable[..., Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    only_on: str = ""  # a platform that can do it

    @property
    def ends(self) -> bool:
        """Whether the server is told to stop while it is played: see ``shutdown``."""
        return self.group == "shutdown"

    def is_survived_by(self, step: Step) -> bool:
        """Whether the step is held to it, on this platform."""
        return holds(self.since, step) and self.only_on in ("", sys.platform)

    def settings_of(self, step: Step) -> Mapping[str, str]:
        """Return the settings of a server that is this step.

        An older step that is held to it needs no limit lifted that is not yet there.
        """
        older = step.kind in ("server", "side") and step.name < _last().name
        if older and self.is_survived_by(step):
            return settings_of(step, self.settings)
        return self.settings


def holds(since: str, step: Step) -> bool:
    """Whether a step is held to it; a file of one's own is, to what the newest is."""
    if step.kind not in ("server", "side"):
        step = _last()
    return since <= step.name


_faults: list[Fault] = []
Function = TypeVar("Function", bound=Callable[..., Any])


def fault(
    since: int,
    *,
    each: Mapping[str, object] | Iterable[object] = (),
    settings: Mapping[str, str] | None = None,
    only_on: str = "",
) -> Callable[[Function], Function]:
    """Enter a function among the faults, once for each of the values, if there are any.

    A mapping has the names of the cases, else a case is named for its value.
    """
    cases = dict(each) if isinstance(each, Mapping) else {str(v): v for v in each}

    def enter(function: Function) -> Function:
        group = function.__module__.rpartition(".")[2]
        first = (inspect.getdoc(function) or "").partition("\n\n")[0]
        about = (" ".join(first.split()), f"server{since:02}")
        plays = {f"[{case}]": partial(function, value=v) for case, v in cases.items()}
        for case, play in plays.items() or {"": function}.items():
            name = f"{function.__name__}{case}"
            _faults.append(Fault(group, name, *about, play, settings or {}, only_on))
        return function

    return enter


def every() -> list[Fault]:
    """Return all faults, group by group."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return list(_faults)


def newest() -> Step:
    """Return the step that the hostile are let loose on.

    Another one, or a file, can be named in HOSTILE_STEP, to see what it survives.
    """
    named = os.environ.get("HOSTILE_STEP")
    return story.find(named) if named else _last()


def _last() -> Step:
    return story.steps_of("server")[-1]
