"""Lets a file import what it would import if it were run by ``python FILE``.

Its own folder comes first, then ``steps/``. What lies in its folder is its own: every
load has modules of its own, which nobody else in this process finds, and which find
each other for as long as they run, in an import within a function, too. A file with a
folder in which there is nothing to import needs none of this.
"""

import builtins
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import machinery
from pathlib import Path
from types import ModuleType
from typing import Any

from lab.story import ROOT, STEPS

_SWAPPING = threading.RLock()  # of sys.modules, which all threads share
# What every Python has imported before it looks into the folder of a file.
_BEFORE = {*sys.builtin_module_names, "encodings", "site", "codecs", "io", "abc", "os"}


class Imports:
    """The modules that one load of a file has for itself.

    ``folder`` and ``stem`` say where the file is and what it is called; ``given`` holds
    names that each of these modules begins with.
    """

    KEPT = "__imports__"  # in a file's module: where this is found again

    def __init__(self, folder: Path, stem: str = "") -> None:
        self.modules: dict[str, ModuleType] = {}
        self.given: dict[str, Any] = {}
        self._folders = [str(folder), str(STEPS)]
        self._names = own_names(folder, stem)
        self._depth = 0
        self._before: list[str] = []  # the path of this process
        self._aside: dict[str, ModuleType] = {}

    @property
    def is_needed(self) -> bool:
        """Whether there is anything in the folder that could be imported."""
        return bool(self._names)

    def prepare(self, module: ModuleType) -> None:
        """Let a module import from here; to be called before its code runs."""
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
        vars(module).update(self.given)

    def take_in(self, module: ModuleType) -> None:
        """Note it as the module whose imports these are."""
        self.prepare(module)
        vars(module)[self.KEPT] = self

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let everything in the block import from here, whoever it is."""
        with _SWAPPING:
            self.enter()
            try:
                yield
            finally:
                self._leave()

    def enter(self) -> None:
        """Let this process import from here: for one that does nothing else."""
        self._depth += 1
        if self._depth > 1:
            return
        self._aside = self._taken_out()
        sys.modules.update(self.modules)
        self._before = list(sys.path)
        sys.path[:] = [*self._folders, *(p for p in sys.path if p not in self._folders)]
        sys.meta_path.insert(0, self)

    def _leave(self) -> None:
        self._depth -= 1
        if self._depth:
            return
        sys.meta_path.remove(self)
        # The file may have added folders, from which it imports more later.
        known = {*self._before, *self._folders}
        self._folders += [path for path in sys.path if path not in known]
        self.modules = self._taken_out()
        sys.path[:] = self._before
        sys.modules.update(self._aside)

    def _taken_out(self) -> dict[str, ModuleType]:
        """Take the modules that have names of ours out of those of this process."""
        names = [name for name in sys.modules if self._has(name)]
        return {name: sys.modules.pop(name) for name in names}

    def _has(self, name: str) -> bool:
        top = name.partition(".")[0]
        return top in self._names or any(
            top in own_names(Path(folder)) for folder in self._folders[2:]
        )

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> machinery.ModuleSpec | None:
        """Find a module of ours; called by Python, as it does all its finders."""
        if not self._has(name):
            return None
        found = machinery.PathFinder.find_spec(name, path or sys.path, target)
        if found is not None and isinstance(found.loader, machinery.SourceFileLoader):
            found.loader = _Prepared(found.loader.name, found.loader.path, self)
        return found

    def _import(
        self,
        name: str,
        of: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        wanted: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Import what a statement of one of these modules names."""
        package = str((of or {}).get("__package__") or "") if level else name
        if self._depth or not self._has(package):
            return builtins.__import__(name, of, local, wanted or (), level)
        with self.active():
            return builtins.__import__(name, of, local, wanted or (), level)


class _Prepared(machinery.SourceFileLoader):
    """Loads a module as usual, but one that imports as the file beside it does."""

    def __init__(self, name: str, path: str, imports: Imports) -> None:
        super().__init__(name, path)
        self.imports = imports

    def exec_module(self, module: ModuleType) -> None:
        self.imports.prepare(module)
        super().exec_module(module)


def imported(module: ModuleType, name: str) -> ModuleType:
    """Return the module that a loaded file knows by this name; KeyError if none."""
    own = own_modules(module)
    return own[name] if name in own else sys.modules[name]


def own_modules(module: ModuleType) -> Mapping[str, ModuleType]:
    """Return what a loaded file has imported, and shares with no other load."""
    imports = vars(module).get(Imports.KEPT)
    return imports.modules if isinstance(imports, Imports) else {}


def hidden(folder: Path) -> list[str]:
    """Return which of Python's own modules are hidden by files of a folder."""
    return sorted(_listed(folder) & sys.stdlib_module_names)


def own_names(folder: Path, stem: str = "") -> frozenset[str]:
    """Return the names that mean something else to the files of this folder.

    Where one of them is that of a module of ours, or of Python's, all our modules are
    among them: ours import it, too. ``stem`` is the name of the file itself: it does
    not take itself for one of these.
    """
    if folder == STEPS:
        return frozenset()
    try:
        return _names(folder, folder.stat().st_mtime_ns, stem)
    except OSError:  # a folder that is not there, or a zip file on the path
        return frozenset()


@cache
def _names(folder: Path, changed: int, stem: str) -> frozenset[str]:
    ours = frozenset(path.stem for path in STEPS.glob("*.py"))
    known = ours | sys.stdlib_module_names
    found = _listed(folder) - ({stem} & (known | {"lab"}))
    return found | ours if found & known else found


def _listed(folder: Path) -> frozenset[str]:
    """Return what can be imported from a folder, as the names of its files say."""
    endings = machinery.all_suffixes()
    found = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            name = next((n for e in endings if (n := _without(entry.name, e))), "")
            if entry.is_dir():
                name = entry.name if _is_package(Path(entry)) else ""
            if name.isidentifier() and not _is_elsewhere(name, folder):
                found.add(name)
    return frozenset(found)


def _without(name: str, ending: str) -> str:
    return name.removesuffix(ending) if name.endswith(ending) else ""


def _is_package(folder: Path) -> bool:
    """Whether a folder can be imported, before any of the same name elsewhere."""
    if (folder / "__init__.py").is_file():
        return True
    # Without that file it comes last, whatever its place on the path.
    name = folder.name
    known = name in sys.stdlib_module_names or (STEPS / f"{name}.py").is_file()
    return not known and next(folder.glob("*.py"), None) is not None


def _is_elsewhere(name: str, folder: Path) -> bool:
    """Whether Python has the module already when it comes to this folder."""
    if folder == ROOT and name == "lab":
        return True  # a file beside it that imports the lab means this one
    return name in _BEFORE or machinery.FrozenImporter.find_spec(name) is not None
