"""``.. behaviours:: 05`` and ``.. staircase::``: what the steps can do, from a run."""

import re

from docutils import nodes

from lab import behaviours, story
from lab.behaviours import Behaviour
from lab.story import Step
from sphinx_book import running
from sphinx_book.computed import Computed
from sphinx_book.story_table import table

# Every behaviour on every step; a chapter shows the same run.
PROOF = running.Run("how_the_simulation_works/stairs_simulated.py")


class Behaviours(Computed):
    """List what a step can do that the one before it cannot."""

    required_arguments = 1

    def shown(self) -> list[nodes.Node]:
        """Return the list; the build fails for a step that adds nothing."""
        step = story.find(self.arguments[0])
        self.env.note_dependency(str(step.path))
        new = [b for b in behaviours.every() if b.since == step.name]
        if not new:
            raise self.error(f"no behaviour of lab/behaviours/ is new in {step.name}")
        items = [nodes.list_item("", *described(behaviour)) for behaviour in new]
        return [nodes.bullet_list("", *items, classes=["behaviours"])]


def described(behaviour: Behaviour) -> list[nodes.Node]:
    """Return one behaviour's sentence, and its name for whoever looks for the test."""
    name = nodes.literal(behaviour.name, behaviour.name)
    words = nodes.Text(f"{behaviour.sentence} ")
    return [nodes.paragraph("", "", words, name)]


class Staircase(Computed):
    """Show the table of all behaviours on all server steps, from a run."""

    def shown(self) -> list[nodes.Node]:
        """Return the table; the build fails where the run contradicts a behaviour."""
        for step in story.steps():
            self.env.note_dependency(str(step.path))
        servers = story.steps_of("server")
        said = running.show(self, PROOF)
        if wrong := re.findall(r"^unexpected: (.+)$", said, re.MULTILINE):
            words = ", ".join(wrong)
            raise self.error(f"the run contradicts what is stated: {words}")
        head = ["behaviour", *(step.number for step in servers)]
        rows = [
            [behaviour.sentence, *(mark(behaviour, step) for step in servers)]
            for behaviour in behaviours.every()
        ]
        widths = [60, *(6 for _ in servers)]
        shown = table(head, rows, widths, "staircase")
        for entry in shown.findall(nodes.entry):
            # What a cell says has a class of its own, for its square.
            entry["classes"].append(entry.astext().replace(" ", "-"))
        return [shown]


def before(behaviour: Behaviour, step: Step) -> bool:
    """Whether a step comes before the one that brings the behaviour."""
    order = [other.name for other in story.steps()]
    return order.index(step.name) < order.index(behaviour.since)


def mark(behaviour: Behaviour, step: Step) -> str:
    """Return what the table says of one behaviour on one step."""
    return (
        "kept"
        if behaviours.holds(behaviour, step)
        else "not yet"
        if before(behaviour, step)
        else "replaced"
    )
