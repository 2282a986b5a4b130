"""Imports a step afresh, with some of its constants changed."""

import ast
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType

from lab import parsing, renamed, story
from lab.mistakes import twins
from lab.story import STEPS, Step

_loads = itertools.count(1)


@contextmanager
def module_replaced(name: str, path: Path | None) -> Iterator[None]:
    """Let steps that are loaded in the block import this file as the module ``name``.

    Without a file, everything is as it was.
    """
    before = sys.modules.get(name)
    if path is not None:
        sys.modules[name] = load(Step(path))
    try:
        yield
    finally:
        if before is not None:
            sys.modules[name] = before
        elif path is not None:
            del sys.modules[name]


def load(step: Step, settings: Mapping[str, str] | None = None) -> ModuleType:
    """Import a step afresh, with some of its upper-case constants changed.

    Every call returns a module of its own, so that two runs of a step share nothing.
    Raises ValueError for a setting that the step does not have.
    """
    if str(STEPS) not in sys.path:
        sys.path.insert(0, str(STEPS))
    name = f"{step.path.stem}_run{next(_loads)}"
    spec = importlib.util.spec_from_file_location(name, step.path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{step.path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(_compiled(step.path, step.path.stat().st_mtime_ns), vars(module))
    for setting, value in (settings or {}).items():
        set_constant(module, setting, value)
    return module


@cache
def _compiled(path: Path, changed: int) -> CodeType:
    """Return the code of a file. A search loads the same step hundreds of times."""
    return compile(path.read_bytes(), str(path), "exec")


def settings_of(step: Step, settings: Mapping[str, str]) -> dict[str, str]:
    """Return those of the settings that a step has, or a file that it imports.

    The step is not run for that: it may be anybody's.
    """
    found = {}
    for setting, value in settings.items():
        file, _, name = setting.rpartition(".")
        path = STEPS / f"{file}.py" if file in step.imports else step.path
        if (not file or file in step.imports) and name in _constants(path):
            found[setting] = value
    return found


def _constants(path: Path) -> frozenset[str]:
    """Return the names to which a file assigns something, outside of all functions."""
    names: set[str] = set()
    for node in parsing.tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(names)


def set_constant(module: ModuleType, setting: str, value: str) -> None:
    """Change one upper-case constant of a module, to a value of the same type.

    Raises ValueError if there is none of that name, or the value does not fit.
    """
    known = {
        name: old
        for name, old in vars(module).items()
        if name.isupper() and isinstance(old, int | float | str)
    }
    if setting not in known:
        more = renamed.hint(setting) or f"; there are: {', '.join(known) or 'none'}"
        raise ValueError(f"there is no setting {setting}{more}")
    kind = type(known[setting])
    try:
        new = kind(value if kind is str else ast.literal_eval(value))
    except (ValueError, SyntaxError, TypeError, OverflowError) as error:
        words = f"{setting} takes a value of type {kind.__name__}, not {value!r}"
        raise ValueError(words) from error
    setattr(module, setting, new)


def _found(step: str | Step) -> Step:
    return story.find(twins.located(step)) if isinstance(step, str) else step
