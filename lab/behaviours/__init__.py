"""What each step can do, as functions that you can run.

A behaviour is a plain coroutine function with one sentence as its docstring. It states
with ``@since`` from which step on it holds, and takes one argument:

- ``bench`` (see ``lab.behaviours.bench``), when it is about a server;
- ``framing`` (see ``lab.behaviours.framing_bench``), when it is about the two
  functions that turn bytes into messages and back, without any server.

It returns when the behaviour is kept and raises ``Unmet`` when it is not.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab import renamed, story
from lab.story import Step

Run = Callable[[Any], Awaitable[None]]

# What a bench may have beyond the wire: what is printed; signals, exit status, stderr
# and an output that can be lost; a clock that can be made to run; a network that
# counts; another server of the same module, in this process. Only a simulation has the
# last three.
NEEDS = ("output", "exit", "clock", "writes", "another")
SIMULATED = ("clock", "writes", "another")

# For a behaviour in which somebody talks without a pause: what step 11 does about that.
AT_FULL_SPEED = {"RATE": "1e9", "BURST": "1e9"}


@dataclass(frozen=True)
class Behaviour:
    """One thing that the server can do, from a certain step on.

    ``until`` names the step that replaces it with something better. ``needs`` is what
    a bench must have beyond the wire to judge it, one of NEEDS. ``hint`` helps whoever
    has built a server that has it not. ``settings`` has limits that would be in its
    way, or would take long to reach, each with the value to set instead, as ``lab run
    --set`` takes it.
    """

    run: Run
    since: str
    until: str | None
    needs: str | None
    hint: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its function."""
        return str(getattr(self.run, "__name__", self.run))

    @property
    def sentence(self) -> str:
        """What the server does, as one sentence."""
        return " ".join((inspect.getdoc(self.run) or "").split())

    @property
    def of_framing(self) -> bool:
        """Whether it is about bytes and messages only, not about a server."""
        return "framing" in inspect.signature(self.run).parameters


_registered: list[Behaviour] = []


def since(
    step: int | str,
    *,
    until: int | str | None = None,
    needs: str | None = None,
    hint: str = "",
    settings: Mapping[str, str] | None = None,
) -> Callable[[Run], Run]:
    """Mark a behaviour with the first step that has it, by number or name."""
    if needs is not None and needs not in NEEDS:
        raise ValueError(f"needs={needs!r}: a bench can have one of {NEEDS}")

    def register(run: Run) -> Run:
        last = None if until is None else _step(until)
        _registered.append(
            Behaviour(run, _step(step), last, needs, hint, dict(settings or {}))
        )
        return run

    return register


def every() -> list[Behaviour]:
    """All behaviours, in the order of the modules' names and of their lines."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return list(_registered)


def find(name: str) -> Behaviour:
    """Return the behaviour of this name.

    Raises LookupError, with the names that are like it.
    """
    by_name = {behaviour.name: behaviour for behaviour in every()}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=3, cutoff=0.5)
    like = f"; some are like it: {', '.join(near)}" if near else ""
    more = renamed.hint(name) or f"{like}; docs/staircase.rst has all of them"
    raise LookupError(f"there is no behaviour {name!r}{more}")


def holds(behaviour: Behaviour, step: Step) -> bool:
    """Whether a step should have the behaviour."""
    order = [other.name for other in story.steps()]
    so_far = order[: order.index(step.name) + 1]
    return behaviour.since in so_far and behaviour.until not in so_far


def _step(step: int | str) -> str:
    return f"server{step:02}" if isinstance(step, int) else step
