"""``.. catches:: twins``, ``.. costs::``, ``.. mutants:: server``: which test finds it.

Running everything takes longer than a build may, so two commands keep their results in
files: ``make catches`` and ``make mutants``. A test tries a part of it again.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from docutils import nodes

from lab import behaviours, story
from lab.behaviours import SIMULATED
from lab.mistakes.twins import mistakes, twins
from lab.story import ROOT, Step
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
        """Return the table of what was tried, and when, and what was not tried yet."""
        self.env.note_dependency(str(CATCHES))
        kept = json.loads(CATCHES.read_text(encoding="utf-8"))
        rows = kept["rows"]
        known = {
            "twins": {twin.name: twin.sentence for twin in twins()},
            "mistakes": {mistake.name: mistake.sentence for mistake in mistakes()},
        }[self.arguments[0]]
        tried = {name: words for name, words in known.items() if name in rows}
        body = [
            [name, sentence, *(cell(rows[name], net) for net in NETS)]
            for name, sentence in tried.items()
        ]
        head = ["mistake", "what it does", *NETS.values()]
        widths = [20, 30, 10, 10, 10, 10, 10]
        words = origin(kept["made"], list(tried), sorted(known.keys() - tried))
        return [
            table(head, body, widths, "catches", literal=[0]),
            nodes.paragraph(words, words, classes=["origin"]),
        ]


def origin(made: dict[str, str], tried: list[str], missing: list[str]) -> str:
    """Return when the rows were made, and which mistakes have none yet."""
    days = sorted({made[name] for name in tried})
    when = f"on {day(days[0])}" if len(days) == 1 else f"from {span(days)}"
    gone = f" Not tried yet: {', '.join(missing)}." * bool(missing)
    return (
        f"These rows were not made for this build: make catches wrote them {when}. "
        f"The steps have had new comments and messages since then.{gone}"
    )


def span(days: list[str]) -> str:
    """Return the first and the last of some days, in words."""
    return f"{day(days[0])} to {day(days[-1])}"


def day(written: str) -> str:
    """Return a date such as 2026-11-26 in words."""
    then = date.fromisoformat(written)
    return f"{then.day} {then:%B %Y}"


def cell(row: dict[str, Any], net: str) -> str:
    """Return what a kind of test found, in a word or two."""
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
            f"Measured by make catches on {kept['step']}, {day(kept['made'][SOUND])}, "
            f"with Python {where['python']} on {where['system']}, {where['cores']} "
            "cores. The CPU time includes the servers that a test starts. On a busy "
            f"machine you wait longer.{grown(story.find(kept['step']), sound)}"
        )
        head = ["kind of test", "what it tries", "CPU time", "you wait"]
        made = table(head, body, [31, 25, 24, 20], "costs")
        return [made, nodes.paragraph(words, words)]


def grown(step: Step, sound: dict[str, Any]) -> str:
    """Return how many behaviours a step has today, if there are more than then."""
    today = [
        behaviour
        for behaviour in behaviours.every()
        if behaviours.holds(behaviour, step) and not behaviour.of_framing
    ]
    if len(today) == sound["simulation"]["tried"]:
        return ""
    wire = sum(behaviour.needs not in SIMULATED for behaviour in today)
    return (
        f" Since then, we have added behaviours: today there are {len(today)} to "
        f"simulate, and {wire} to try over TCP."
    )


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
        for name in names:
            self.env.note_dependency(str(story.find(name).path))
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
    when = f"{name} on {day(found['made'])}"
    yield f"{when}: {killed} of {found['mutants']} mutants killed ({share})"
    for net, count in found["killed"].items():
        is_unit = net == "tests" and name.startswith("utils")
        yield f"{count:5} by {KILLERS['units' if is_unit else net]}"
    of = {survivor: reason(survivor, reasons) for survivor in found["survivors"]}
    lines = lines_of(story.find(name))
    there = [
        s for s in found["survivors"] if lines.issuperset(parts(s)[1].split(" / "))
    ]
    for why in reasons:
        those = [survivor for survivor in there if of[survivor] == why]
        if those:
            yield f"\n{len(those)} survived: {why}"
        for survivor in those:
            function, old, new = parts(survivor)
            yield f"   {function}"
            yield from (f"   {mark} {text}" for mark, text in (("-", old), ("+", new)))
    if gone := len(of) - len(there):
        yield f"\n{gone} survived in lines that we have rewritten since then"


def lines_of(step: Step) -> set[str]:
    """Return the lines of a step, without indentation and comments."""
    text = step.path.read_text(encoding="utf-8")
    return {line.partition("  # ")[0].strip() for line in text.splitlines()}


def parts(survivor: str) -> tuple[str, str, str]:
    """Return the function of a mutant, its line before and its line after."""
    function, _, change = survivor.partition(": ")
    old, _, new = change.partition("  ->  ")
    return function, old, new


def reason(survivor: str, reasons: dict[str, list[str]]) -> str:
    """Return why a mutant survives; LookupError if nobody has said so."""
    for why, survivors in reasons.items():
        if survivor in survivors:
            return why
    raise LookupError(
        f"why does this mutant survive? Say it in {SURVIVORS}: {survivor}"
    )
