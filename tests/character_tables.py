"""Writes the tables of steps/characters.py, out of the data files of Unicode.

    python -m tests.character_tables /usr/share/unicode

Debian puts the files into that folder, with its package ``unicode-data``. The standard
itself has them in ``Public/15.0.0/ucd``, and those of each later version beside it.
"""

import re
import sys
import textwrap
from pathlib import Path

from lab import story

FOLDER = Path("/usr/share/unicode")
MODULE = story.STEPS / "characters.py"
KEYCAPS = {*map(ord, "0123456789#*")}  # an emoji only with U+FE0F U+20E3 behind them


def entries(file):
    """Yield the fields of each line of a data file, without its comment."""
    for line in file.read_text(encoding="utf-8").splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) > 1:
            yield [field.strip() for field in fields]


def having(file, value, *, field=1):
    """Return the code points that have a value in a field."""
    found = set()
    for fields in entries(file):
        if fields[field] == value:
            first, _, last = fields[0].partition("..")
            found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


def version(folder):
    """Return the version of the files; ValueError if they are not of one version."""
    found = set()
    for name in ("DerivedCoreProperties", "ArabicShaping"):
        text = (folder / f"{name}.txt").read_text("utf-8")
        found.add(re.match(rf"# {name}-([\d.]+)\.txt", text)[1])
    for name in ("emoji-data", "emoji-variation-sequences"):
        text = (folder / "emoji" / f"{name}.txt").read_text("utf-8")
        # Emoji have a version of their own, with two numbers: the first two of Unicode.
        emoji = re.search(r"Version:? (\d+\.\d+)", text)[1]
        found |= {emoji} - {".".join(known.split(".")[:2]) for known in found}
    if len(found) != 1:
        raise ValueError(f"{folder} has files of several versions: {sorted(found)}")
    return found.pop()


def tables(folder):
    """Return the name of each table, with its code points."""
    properties = folder / "DerivedCoreProperties.txt"
    shaping = folder / "ArabicShaping.txt"
    data = folder / "emoji" / "emoji-data.txt"
    # Letters of flags and skin tones are Emoji, but not pictures; keys are neither.
    emoji = having(data, "Emoji") & having(data, "Extended_Pictographic") - KEYCAPS
    variations = entries(folder / "emoji" / "emoji-variation-sequences.txt")
    styled = {int(fields[0].split()[0], 16) for fields in variations} & emoji
    return {
        "IGNORABLE": having(properties, "Default_Ignorable_Code_Point"),
        "JOINING_L": having(shaping, "L", field=2),
        "JOINING_R": having(shaping, "R", field=2),
        "JOINING_D": having(shaping, "D", field=2),
        "EMOJI_STYLED": styled,
        "EMOJI_COLOURED": emoji - styled,
    }


def ranges(numbers):
    """Return code points as text: each run of them as its first and its last."""
    runs = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in runs)


def renewed(text, folder):
    """Return the text of the module, with the tables that these files make."""
    text = re.sub('(?m)^VERSION = ".*"$', f'VERSION = "{version(folder)}"', text)
    for name, numbers in tables(folder).items():
        lines = textwrap.wrap(ranges(numbers), 80, break_on_hyphens=False)
        table = ' "\n    "'.join(lines)
        table = f'(\n    "{table}"\n)' if len(lines) > 1 else f'"{table}"'
        old = rf'^{name} = (?:"[^"]*"|\((?:\s+"[^"]*")+\s+\))$'
        text, found = re.subn(old, f"{name} = {table}", text, flags=re.MULTILINE)
        if found != 1:
            raise ValueError(f"{MODULE.name} has no table {name}")
    return text


if __name__ == "__main__":
    text = renewed(MODULE.read_text("utf-8"), Path(*sys.argv[1:2] or [FOLDER]))
    MODULE.write_text(text, encoding="utf-8")
