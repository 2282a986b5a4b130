"""``.. catches:: twins``, ``.. costs::``, ``.. mutants:: server07``: what nets catch.

To let everything run takes longer than a build may, so two commands keep what they have
found in files: ``make catches`` and ``make mutants``. A test tries a part of it again.
"""

import json
from typing import Any

from computed import Computed
from docutils import nodes
from story_table import table

from docs.examples.mistakes import MISTAKES
from lab.story import ROOT
from lab.twins import twins

CATCHES = ROOT / "docs" / "catches.json"
MUTANTS = ROOT / "docs" / "mutants.json"
SOUND = "nothing wrong"
NETS = {
    "units": "framing alone",
    "wire": "behaviours, over TCP",
    "simulation": "behaviours, simulated",
    "search": "search",
    "hostile": "hostile clients",
}


class Catches(Computed):
    """Show which net catches which mistake: those of ``twins``, or the planted ones."""

    required_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return the table, with all that there is, tried or not."""
        self.env.note_dependency(str(CATCHES))
        rows = json.loads(CATCHES.read_text(encoding="utf-8"))["rows"]
        known = {
            "twins": {twin.step.name: twin.sentence for twin in twins()},
            "mistakes": {mistake.name: mistake.sentence for mistake in MISTAKES},
        }[self.arguments[0]]
        body = [
            [name, sentence, *(cell(rows.get(name), net) for net in NETS)]
            for name, sentence in known.items()
        ]
        head = ["mistake", "what it does", *NETS.values()]
        return [table(head, body, [20, 30, 10, 10, 10, 10, 10], "catches", literal=[0])]


def cell(row: dict[str, Any] | None, net: str) -> str:
    """Return what became of a mistake in a net, in a word or two."""
    if row is None:
        return "not tried yet"
    if net not in row:
        return "not put to it"
    haul = row[net]
    if not haul["by"]:
        return "through"
    return f"caught, seed {haul['tried'] - 1}" if net == "search" else "caught"


class Costs(Computed):
    """Show how long each net takes for a step with nothing wrong in it."""

    def shown(self) -> list[nodes.Node]:
        """Return the table, and a line that says where it was measured."""
        self.env.note_dependency(str(CATCHES))
        kept = json.loads(CATCHES.read_text(encoding="utf-8"))
        sound, where = kept["rows"][SOUND], kept["machine"]
        unit = {"search": "crowds", "hostile": "faults"}
        body = [
            [
                name,
                f"{sound[net]['tried']} {unit.get(net, 'behaviours')}",
                f"{sound[net]['seconds']:.1f} s",
            ]
            for net, name in NETS.items()
        ]
        words = (
            f"Measured by make catches on {kept['step']}, with Python "
            f"{where['python']} on {where['system']}, {where['cores']} cores."
        )
        head = ["net", "what is tried", "time"]
        return [table(head, body, [34, 33, 33], "costs"), nodes.paragraph(words, words)]


class Mutants(Computed):
    """Show how many mutants of a step are killed, by which net, and who survives."""

    required_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return what ``make mutants`` printed; the build fails if it never ran."""
        self.env.note_dependency(str(MUTANTS))
        name = self.arguments[0]
        kept = json.loads(MUTANTS.read_text(encoding="utf-8"))
        if name not in kept:
            raise self.error(f"{name} has no mutants yet; run make mutants STEP={name}")
        found = kept[name]
        killed = sum(found["killed"].values())
        share = f"{killed / found['mutants']:.0%}"
        lines = [
            f"$ make mutants STEP={name}",
            f"{name}: {killed} of {found['mutants']} mutants killed ({share})",
            *(f"  by {net:<12}{count:4}" for net, count in found["killed"].items()),
            *(f"  survived: {survivor}" for survivor in found["survivors"]),
        ]
        text = "\n".join(lines)
        return [nodes.literal_block(text, text, language="text", classes=["output"])]
