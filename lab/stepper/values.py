"""Notes which variables have other values now, in few words."""

import reprlib
import sys
from collections.abc import Mapping
from types import FrameType, MemberDescriptorType
from typing import Any

from lab.stepper.files import Files

FEW = 4  # things in a collection that are shown; of more, their number
LONGEST = 70  # characters of a dictionary
DEEP = 2  # collections within collections

_brief = reprlib.Repr()
_brief.maxstring = 28

_BRACKETS: dict[type, str] = {set: "{}", frozenset: "{}", list: "[]", tuple: "()"}
_PLAIN = (bool, int, float, str)
_SHOWN = (*_PLAIN, bytes, dict, set, frozenset, list, tuple)


class Values:
    """The variables of tasks and of modules, as they were last seen."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._of_tasks: dict[int, dict[str, str]] = {}
        self._modules: dict[int, tuple[dict[str, Any], list[str]]] = {}
        self._seen: dict[tuple[int, str], str] = {}  # of modules
        self._first: dict[tuple[int, str], tuple[int, str]] = {}
        self._own_classes: dict[type, bool] = {}

    def meet(self, frame: FrameType, moment: int) -> None:
        """Look from now on at the module of a frame, for what changes in it."""
        variables = frame.f_globals
        key = id(variables)
        if key in self._modules:
            return
        names = [name for name, value in variables.items() if _may_change(name, value)]
        self._modules[key] = variables, names
        for name in names:
            if (words := self.shown(variables[name])) is not None:
                self._seen[key, name] = words
                self._first[key, name] = moment, words

    def of_task(self, task: int, frame: FrameType) -> dict[str, str] | None:
        """Return the variables of a task's innermost own frame; None as before."""
        found = {}
        for name, value in locals_of(frame).items():
            words = None if name.startswith("_") else self.shown(value)
            if words is not None:
                found[name] = words
        if found == self._of_tasks.get(task, {}):
            return None
        self._of_tasks[task] = found
        return found

    def of_modules(self) -> dict[str, str]:
        """Return the variables of modules that have changed."""
        changed = {}
        for key, (variables, names) in self._modules.items():
            for name in names:
                words = self.shown(variables.get(name))
                if words is not None and words != self._seen.get((key, name)):
                    changed[name] = self._seen[key, name] = words
        return changed

    def before(self) -> list[tuple[int, str, str]]:
        """Return the first value, and its moment, of each that was another one later.

        What never changes is a constant or a table: it would only fill the page.
        """
        return [
            (moment, name, words)
            for (key, name), (moment, words) in self._first.items()
            if self._seen[key, name] != words
        ]

    def shift(self, moments: int) -> None:
        """Count moments anew, since so many of the first are forgotten."""
        for key, (moment, words) in self._first.items():
            self._first[key] = max(-1, moment - moments), words

    def shown(self, value: Any, depth: int = 0) -> str | None:
        """Return a value in a few characters; None for one that tells too little."""
        if value is None or isinstance(value, bool | int | float):
            return repr(value)
        if isinstance(value, str):
            return _brief.repr(value)
        if isinstance(value, bytes):
            return f"{len(value)} bytes" if len(value) > 24 else repr(value)
        if type(value) in _BRACKETS and depth < DEEP:
            return self._several(value, depth)
        if type(value) is dict and depth < DEEP:
            return self._pairs(value, depth)
        if self._is_own(type(value)):
            name = attribute(value, "name", 0)
            return (name or "(no name yet)") if isinstance(name, str | None) else None
        return None

    def _several(self, values: Any, depth: int) -> str:
        kind = type(values)
        if len(values) > FEW:
            return f"{len(values)} in a {kind.__name__}"
        if not values and kind in (set, frozenset):
            return "set()"
        parts = [self.shown(value, depth + 1) for value in values]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return f"{len(values)} in a {kind.__name__}"
        if kind in (set, frozenset):
            known.sort()  # the order of a set of strings differs from run to run
        return _BRACKETS[kind][0] + ", ".join(known) + _BRACKETS[kind][1]

    def _pairs(self, values: Mapping[Any, Any], depth: int) -> str | None:
        if len(values) >= FEW:
            return f"{len(values)} entries"
        parts = []
        for key, value in values.items():
            words = self.shown(key, depth + 1), self.shown(value, depth + 1)
            if None in words:
                return None
            parts.append(f"{words[0]}: {words[1]}")
        whole = "{" + ", ".join(parts) + "}"
        return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 3]} …}}"

    def _is_own(self, kind: type) -> bool:
        if kind not in self._own_classes:
            code = getattr(getattr(kind, "__init__", None), "__code__", None)
            path = "" if code is None else code.co_filename
            self._own_classes[kind] = self._files.number(path) is not None
        return self._own_classes[kind]


def locals_of(frame: FrameType) -> dict[str, Any]:
    """Return a frame's variables; the frame keeps nothing alive for having been asked.

    Up to Python 3.12 it would keep a dictionary of them, with what is deleted later.
    """
    variables = frame.f_locals
    found = dict(variables)
    if sys.version_info < (3, 13):
        variables.clear()
    return found


def attribute(value: Any, name: str, default: Any = None) -> Any:
    """Return an attribute that an object keeps, without running any code for it."""
    kept = getattr(value, "__dict__", {})
    if name in kept:
        return kept[name]
    if isinstance(getattr(type(value), name, None), MemberDescriptorType):  # a slot
        return getattr(value, name, default)
    return default


def _may_change(name: str, value: Any) -> bool:
    """Whether a module's variable is more than a constant with a simple value."""
    if name.startswith("_") or not isinstance(value, _SHOWN):
        return False
    return not (name.isupper() and isinstance(value, _PLAIN))
