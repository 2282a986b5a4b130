"""Notes which files of the project a Python process reads, and its children.

Python imports a module of this name by itself, before anything else, when its folder is
on PYTHONPATH. It writes a line for each file or folder into the file that
``BOOK_READS`` names, as soon as the process opens it: so a process that is killed has
told what it read, and nobody has to guess it from the program's text.
"""

import os
import sys
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
# What is built from the sources, and what lies there by chance.
NOT_SOURCES = ("build", "__pycache__")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def source(path: object) -> str | None:
    """Return the path in the project of what is read; None if it is none of ours."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None  # a descriptor: whoever opened it has been noted
    full = os.path.abspath(os.fsdecode(path))
    if not full.startswith(ROOT + os.sep):
        return "." if full == ROOT else None
    folder, name = os.path.split(full[len(ROOT) + 1 :])
    if name.endswith(".pyc"):  # it is read in the place of its source
        folder, name = os.path.dirname(folder), f"{name.partition('.')[0]}.py"
    parts = [*folder.split(os.sep), name]
    if any(part.startswith(".") or part in NOT_SOURCES for part in parts):
        return None
    return "/".join(filter(None, parts))


class Reads:
    """An audit hook that writes down what is read."""

    def __init__(self, record: str) -> None:
        self.record = record
        self.known: set[str] = set()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what is opened to be read, and which folder is listed."""
        if event == "open":
            path, mode, flags = args
            if set(mode or "") & set("wax+") or (flags or 0) & WRITES:
                return
        elif event in ("os.listdir", "os.scandir"):
            # Looking for a module, Python lists every folder on its path.
            if "importlib" in sys._getframe(1).f_globals.get("__name__", ""):
                return
            path = args[0] or "."
        else:
            return
        name = source(path)
        if name is not None and name not in self.known:
            self.known.add(name)
            self.write(name)

    def write(self, name: str) -> None:
        """Write one line, and close the file: a program may count its descriptors."""
        try:
            file = os.open(self.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return  # no descriptor is left, so the program cannot open it either
        try:
            os.write(file, f"{name}\n".encode())
        finally:
            os.close(file)


if record := os.environ.get("BOOK_READS"):
    sys.addaudithook(Reads(record))
