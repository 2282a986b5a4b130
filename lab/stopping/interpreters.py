"""The Pythons of this machine, as far as the steps can run on them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST, NEWEST = 11, 14  # of Python 3: the steps need the first, and we look for all
TIMEOUT = 10.0  # seconds for an interpreter to say which one it is

ASK = (
    "import platform, sys; v = platform.python_version(); "
    "n = platform.python_implementation(); "
    "print(sys.version_info[0], sys.version_info[1], v if n == 'CPython' else n + v)"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs: its command, and its version, such as ``3.12.1``."""

    command: str
    version: str
    minor: int


@dataclass(frozen=True)
class Found:
    """The Pythons that were found, the oldest first, and those that were not.

    ``missing`` says of each version that was looked for, or file that was named, why
    it is not among them.
    """

    interpreters: list[Interpreter]
    missing: list[str]


def find(named: Sequence[str] = ()) -> Found:
    """Look for every Python from 3.11 on: this one, pyenv's, and those on the PATH.

    ``named`` adds files to look at. One of each version is enough.
    """
    by_version: dict[str, Interpreter] = {}
    for command in candidates():
        if (interpreter := asked(command)) is not None:
            by_version.setdefault(interpreter.version, interpreter)
    missing = []
    for command in named:
        interpreter = asked(command)
        if interpreter is None:
            missing.append(f"{command} (is no Python from 3.{OLDEST} on)")
        else:
            by_version[interpreter.version] = interpreter
    found = sorted(by_version.values(), key=lambda found: order(found.version))
    minors = {interpreter.minor for interpreter in found}
    looked_for = range(OLDEST, NEWEST + 1)
    missing += [f"3.{minor}" for minor in looked_for if minor not in minors]
    return Found(found, missing)


def candidates() -> Iterator[str]:
    """Yield the files that may be such a Python, this one first."""
    yield sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(root.glob("versions/3.*/bin/python")))
    names = [f"python3.{minor}" for minor in range(OLDEST, NEWEST + 1)]
    yield from _on_the_path([*names, "python3"])


def asked(command: str) -> Interpreter | None:
    """Ask a file which Python it is; None if it is none, or too old."""
    try:
        done = subprocess.run(
            [command, "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=True,
        )
        major, minor, version = done.stdout.split()
        number = int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(command, version, number[1]) if number >= (3, OLDEST) else None


def order(version: str) -> list[int]:
    """Return what puts versions into their order: 3.9 before 3.11, 3.11.2 after it."""
    return [int(number) for number in re.findall(r"\d+", version)]


def _on_the_path(names: Iterable[str]) -> Iterator[str]:
    """Yield every file of these names, also those that an earlier one hides."""
    names = list(names)
    for folder in os.get_exec_path():
        for name in names:
            if (path := Path(folder, name)).is_file():
                yield str(path)
