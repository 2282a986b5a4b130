"""Makes what intersphinx reads from our list of the pages of Python's documentation.

The list is ``docs/_data/python-inventory.txt``. With an inventory of our own the book
builds without a network, and a link to a page that is not on the list fails the build.
"""

import zlib
from pathlib import Path

HEADER = """# Sphinx inventory version 2
# Project: Python
# Version: 3
# The remainder of this file is compressed using zlib.
"""


def inventory(text: str) -> bytes:
    """Return an inventory, version 2, of the pages that are listed in the text.

    Raises ValueError for a line that is not a name, a role and a page.
    """
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        words = line.split()
        if len(words) != 3 or ":" not in words[1]:  # Sphinx would pass over it
            raise ValueError(f"line {number} is no name, role and page: {line}")
        name, role, page = words
        rows.append(f"{name} {role} 1 {page} -\n")
    return HEADER.encode() + zlib.compress("".join(rows).encode())


def write(source: Path, target: Path) -> str:
    """Write the inventory of the list in ``source``, and return where it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(inventory(source.read_text(encoding="utf-8")))
    return str(target)
