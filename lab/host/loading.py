"""Imports a step afresh, with some of its constants changed."""

import ast
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from lab import parsing, renamed, story
from lab.host.imports import Imports
from lab.host.starting import as_started, not_started
from lab.mistakes import twins
from lab.story import STEPS, CannotDo, NoServer, Step

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


def load(
    step: Step,
    settings: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    to_stay: bool = False,
) -> ModuleType:
    """Import a step afresh, with some of its upper-case constants changed.

    Every call returns a module of its own, so that two runs of a step share nothing.
    What it imports is found as ``python FILE`` finds it; see ``lab.host.imports``.
    ``folder`` is where it lies to those that import it, ``to_stay`` says that this
    process does nothing else than to run it.
    Raises ValueError for a setting that the step does not have, and StartsItself.
    """
    if str(STEPS) not in sys.path:
        sys.path.insert(0, str(STEPS))
    name = f"{step.path.stem}_run{next(_loads)}"
    loader = SourceFileLoader(name, str(step.path))
    spec = importlib.util.spec_from_file_location(name, step.path, loader=loader)
    assert spec is not None, "there is a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    code = _compiled(step.path, step.path.stat().st_mtime_ns)
    imports = Imports(folder or step.path.parent, step.path.stem)
    if to_stay:
        imports.enter()
    if not imports.is_needed:
        _executed(code, module, step)
    else:
        imports.take_in(module)
        with imports.active():
            _executed(code, module, step)
    for setting, value in (settings or {}).items():
        set_constant(module, setting, value)
    return module


def _executed(code: CodeType, module: ModuleType, step: Step) -> None:
    """Run the code of a file; one of the reader's may not start its server by that."""
    if step.kind != "other":
        exec(code, vars(module))
        return
    with as_started(step.path), not_started(step.path):
        exec(code, vars(module))


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
        path = step.file_of(file) if file in step.imports else step.path
        if path and (not file or file in step.imports) and name in _constants(path):
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
        new = kind(value if kind is str else parsing.value(value))
    except (ValueError, SyntaxError, TypeError, OverflowError) as error:
        words = f"{setting} takes a value of type {kind.__name__}, not {value!r}"
        raise ValueError(words) from error
    setattr(module, setting, new)


class NoPort(CannotDo, ValueError):
    """No port has this number."""


def _found(step: str | Step) -> Step:
    return story.find(twins.located(step)) if isinstance(step, str) else step


def startable(step: str | Step, port: int = 0) -> Step:
    """Return a step that can be started; NoServer and NoPort if it cannot."""
    found = _found(step)
    if found.kind in ("utils", "module", "client"):
        program = f"python steps/{found.name}.py NAME"
        instead = f"Start it by: {program}" if found.kind == "client" else ""
        raise NoServer(f"{found.name} is no server. {instead or 'Steps import it.'}")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
        raise NoPort(f"a port is a number from 0 to 65535, not {port!r}")
    return found
