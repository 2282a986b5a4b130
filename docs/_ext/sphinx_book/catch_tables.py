"""``.. catches:: twins``, ``.. costs::``, ``.. mutants:: server``: which test finds it.

Running everything takes longer than a build may, so two commands keep their results in
files: ``make catches`` and ``make mutants``. A test tries a part of it again.
"""

import json
from collections.abc import Iterator
from typing import Any

from docutils import nodes

from lab import story
from lab.mistakes.twins import mistakes, twins
from lab.story import ROOT
from sphinx_book.computed import Computed
from sphinx_book.story_table import table

DATA = ROOT / "docs" / "_data"
CATCHES = DATA / "catches.json"
MUTANTS = DATA / "mutants.json"
SOUND = "nothing wrong"
SURVIVORS = DATA / "survivors.json"
NETS = {
    "units": "unit tests",
    "wire": "behaviours over TCP",
    "simulation": "behaviours simulated",
    "search": "random search",
    "hostile": "hostile clients",
}


class Catches(Computed):
    """Show which kind of test catches which mistake: the twins, or the planted ones."""

    required_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return the table, with all that there is, tried or not."""
        self.env.note_dependency(str(CATCHES))
        rows = json.loads(CATCHES.read_text(encoding="utf-8"))["rows"]
        known = {
            "twins": {twin.name: twin.sentence for twin in twins()},
            "mistakes": {mistake.name: mistake.sentence for mistake in mistakes()},
        }[self.arguments[0]]
        body = [
            [name, sentence, *(cell(rows.get(name), net) for net in NETS)]
            for name, sentence in known.items()
        ]
        head = ["mistake", "what it does", *NETS.values()]
        return [table(head, body, [20, 30, 10, 10, 10, 10, 10], "catches", literal=[0])]


def cell(row: dict[str, Any] | None, net: str) -> str:
    """Return what a kind of test found, in a word or two."""
    if row is None:
        return "not run yet"
    if net not in row:
        return "not run"
    haul = row[net]
    if not haul["by"]:
        return "missed"
    return f"caught, seed {haul['tried'] - 1}" if net == "search" else "caught"


class Costs(Computed):
    """Show how long each kind of test takes for a correct step."""

    def shown(self) -> list[nodes.Node]:
        """Return the table, and a line that says where it was measured."""
        self.env.note_dependency(str(CATCHES))
        kept = json.loads(CATCHES.read_text(encoding="utf-8"))
        sound, where = kept["rows"][SOUND], kept["machine"]
        unit = {"units": "tests", "search": "crowds", "hostile": "attacks"}
        body = [
            [
                name,
                f"{sound[net]['tried']} {unit.get(net, 'behaviours')}",
                f"{sound[net]['seconds']:.1f} s",
                f"{sound[net]['waited']:.1f} s",
            ]
            for net, name in NETS.items()
        ]
        words = (
            f"Measured by make catches on {kept['step']}, with Python "
            f"{where['python']} on {where['system']}, {where['cores']} cores. The CPU "
            "time includes the servers that a test starts. On a busy machine you wait "
            "longer."
        )
        head = ["kind of test", "what it tries", "CPU time", "you wait"]
        made = table(head, body, [31, 25, 24, 20], "costs")
        return [made, nodes.paragraph(words, words)]


class Mutants(Computed):
    """Show how many mutants are killed, and who survives, and why.

    The argument is ``server``, or ``utils``, what it imports.
    """

    required_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return what ``make mutants`` kept; the build fails if it never ran."""
        for path in (MUTANTS, SURVIVORS):
            self.env.note_dependency(str(path))
        catches = json.loads(CATCHES.read_text(encoding="utf-8"))
        step = story.find(catches["step"])
        utils = [name for name in step.imports if name.startswith("utils")]
        names = {"server": [step.name], "utils": utils}[self.arguments[0]]
        kept = json.loads(MUTANTS.read_text(encoding="utf-8"))
        if missing := [name for name in names if name not in kept]:
            raise self.error(f"no mutants yet of {missing}; run make mutants")
        reasons = json.loads(SURVIVORS.read_text(encoding="utf-8"))
        reports = ("\n".join(report(name, kept[name], reasons)) for name in names)
        text = "\n\n".join(reports)
        return [nodes.literal_block(text, text, language="text", classes=["output"])]


KILLERS = {
    "tests": "unit tests and simulated behaviours",
    "units": "unit tests",
    "wire": "behaviours over TCP",
    "search": "the random search",
}


def report(
    name: str, found: dict[str, Any], reasons: dict[str, list[str]]
) -> Iterator[str]:
    """Yield the lines about one step; LookupError for a survivor without a reason."""
    killed = sum(found["killed"].values())
    share = f"{killed / found['mutants']:.0%}"
    yield f"{name}: {killed} of {found['mutants']} mutants killed ({share})"
    for net, count in found["killed"].items():
        is_unit = net == "tests" and name.startswith("utils")
        yield f"{count:5} by {KILLERS['units' if is_unit else net]}"
    of = {survivor: reason(survivor, reasons) for survivor in found["survivors"]}
    for why in reasons:
        those = [survivor for survivor in found["survivors"] if of[survivor] == why]
        if those:
            yield f"\n{len(those)} survived: {why}"
        for survivor in those:
            function, _, change = survivor.partition(": ")
            old, _, new = change.partition("  ->  ")
            yield f"   {function}"
            yield from (f"   {mark} {text}" for mark, text in (("-", old), ("+", new)))


def reason(survivor: str, reasons: dict[str, list[str]]) -> str:
    """Return why a mutant survives; LookupError if nobody has said so."""
    for why, survivors in reasons.items():
        if survivor in survivors:
            return why
    raise LookupError(
        f"why does this mutant survive? Say it in {SURVIVORS}: {survivor}"
    )
