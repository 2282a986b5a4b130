"""Where to read about a mistake: a chapter of the book, or a row of its pitfalls."""

import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import story
from lab.behaviours import Behaviour
from lab.story import ROOT

# Where the book is published, as pyproject.toml has it. Nowhere yet.
SITE = "https://chat-in-asyncio.example"
BUILT = ROOT / "build" / "html"  # where ``make book`` puts it
DOCS = ROOT / "docs"

# In this environment variable the book says that its own pages quote the report: they
# give the address below the site, as there is no built page yet.
QUOTED = "LAB_QUOTED_BY_THE_BOOK"

_ROW = re.compile(r"\.\. _(pitfall-[\w-]+):\s+(.+)")

# What Python says of a mistake, and the row of the pitfalls that is about it.
SAYS = {
    r"changed size during iteration|changed during iteration": "pitfall-changed-size",
    r"asyncio\.run\(\) cannot be called from a running": "pitfall-running-loop",
    r"[Aa]ddress already in use": "pitfall-address-in-use",
    r"Too many open files": "pitfall-descriptors",
    r"UnicodeEncodeError": "pitfall-unicode-print",
    r"unhashable type": "pitfall-unhashable",
    r"JSONDecodeError|UnicodeDecodeError|RecursionError": "pitfall-json",
    r"BrokenPipeError|No space left on device": "pitfall-output",
    r"ConnectionResetError|Connection reset by peer": "pitfall-reset",
    r"was never awaited|'coroutine' object|a coroutine was expected"
    r"|object coroutine can't": "pitfall-await",
    r"was destroyed but it is pending": "pitfall-task",
}


@dataclass(frozen=True)
class Page:
    """A page of the book, or a place in it; ``path`` is below the site's address."""

    title: str
    path: str

    def __str__(self) -> str:
        return f"{self.title} ({self.address})"

    @property
    def address(self) -> str:
        """Where it is: the built page, if there is one, or that on the site."""
        file, _, anchor = self.path.partition("#")
        if QUOTED in os.environ or not (BUILT / file).is_file():
            return f"{SITE}/{self.path}"
        path = BUILT / file
        near = path.is_relative_to(Path.cwd())
        shown = path.relative_to(Path.cwd()) if near else path
        return f"{shown}#{anchor}" if anchor else str(shown)

    @property
    def link(self) -> str:
        """What a link to it from a page of the book, or from a notebook, names."""
        if sys.platform == "emscripten" or QUOTED in os.environ:
            return f"../{self.path}"  # all of them are in a folder below the root
        return f"{SITE}/{self.path}"


def chapter(behaviour: Behaviour) -> Page | None:
    """Return the chapter that explains a behaviour; None if there is none yet."""
    step = story.find(behaviour.since)
    stem = step.number if step.kind == "server" else step.name
    return next(map(_page, DOCS.glob(f"{stem}-*.rst")), None)


def chapters() -> list[Page]:
    """Return the pages that may explain a behaviour."""
    return [_page(file) for file in sorted(DOCS.glob("*-*.rst"))]


def pitfalls() -> Page:
    """Return the page with all pitfalls."""
    if not (DOCS / "pitfalls.rst").is_file():  # an excerpt of the book
        return Page("Pitfalls", "docs/pitfalls.html")
    return _page(DOCS / "pitfalls.rst")


def pitfall(anchor: str) -> Page:
    """Return the row of the pitfalls with this anchor; the page, if it has none."""
    whole = pitfalls()
    title = _rows().get(anchor) if (DOCS / "pitfalls.rst").is_file() else None
    if title is None:
        return whole
    return Page(f"{whole.title}, {title!r}", f"{whole.path}#{anchor}")


def about(words: str) -> str:
    """Return the anchor of the row about what Python says; empty if there is none."""
    found = (anchor for pattern, anchor in SAYS.items() if re.search(pattern, words))
    return next(found, "")


@cache
def _rows() -> dict[str, str]:
    """Return the anchor of each row that has one, and its symptom, without markup."""
    text = (DOCS / "pitfalls.rst").read_text(encoding="utf-8")
    return {anchor: title.replace("``", "") for anchor, title in _ROW.findall(text)}


@cache
def _page(file: Path) -> Page:
    lines = file.read_text(encoding="utf-8").splitlines()
    under = next(i for i, line in enumerate(lines) if line.startswith("==="))
    return Page(lines[under - 1].replace("``", ""), f"docs/{file.stem}.html")
