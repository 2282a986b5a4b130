"""Folds the beginning of a recording together: what was so after it, and nothing more.

A chat may run for hours, and only its last moments are gone through. What is left of
those before them has the form of moments: one for each task that has not ended, and one
for all else. A viewer applies them in the same way, and shows none of them.
"""

from collections.abc import Iterable
from typing import Any

OF_TASKS = ("w", "f", "v")  # what stays so until it changes
NOBODY = -(2**30)  # ran in what is left of all else


def folded(moments: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is left of these moments; what is left can be folded again."""
    tasks: dict[int, dict[str, Any]] = {}
    rest: dict[str, Any] = {"t": 0, "a": NOBODY}
    ready: list[int] = []
    timers: dict[int, list[Any]] = {}
    values: dict[str, str] = {}
    bytes_: dict[int, list[int]] = {}
    for moment in moments:
        actor = moment["a"]
        if actor in ready:
            ready.remove(actor)
        ready += moment.get("p", ())
        timers |= {timer[0]: timer for timer in moment.get("tn", ())}
        for number in moment.get("tg", ()):
            timers.pop(number, None)
        values |= moment.get("g", {})
        for way, *more in moment.get("n", ()):
            bytes_[way] = _sum(bytes_.get(way, [0] * 5), more)
        rest |= {key: moment[key] for key in ("t", "c") if key in moment}
        if actor >= 0:
            _note(tasks, moment)
    rest |= {"p": ready, "tn": list(timers.values()), "g": values}
    rest["n"] = [[way, *numbers] for way, numbers in bytes_.items()]
    return [*tasks.values(), {key: value for key, value in rest.items() if value != []}]


def _note(tasks: dict[int, dict[str, Any]], moment: dict[str, Any]) -> None:
    """Note how a task is after a moment of its own; one that has ended is forgotten."""
    actor = moment["a"]
    if "e" in moment:
        tasks.pop(actor, None)
        return
    task = tasks.setdefault(actor, {"a": actor})
    task |= {key: moment[key] for key in OF_TASKS if key in moment}
    task.pop("on", None)
    if "on" in moment:
        task["on"] = moment["on"]


def _sum(before: list[int], more: list[int]) -> list[int]:
    """Add up numbers of bytes; the last number says what is so now."""
    both = zip(before[:4], more[:4], strict=True)
    return [*(was + added for was, added in both), more[4]]
