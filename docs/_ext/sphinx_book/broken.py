"""``.. broken::``: wrong code, which is never shown without saying so.

It carries a mark, a sentence, the code, and the failure as a run just captured it.
"""

import ast
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from lab import parsing, story
from lab.check.judge import judge_twin
from lab.course import changes
from lab.mistakes import twins
from lab.mistakes.twins import Twin
from sphinx_book import live, running
from sphinx_book.computed import Computed


class Broken(Computed):
    """Show a twin of ``steps/broken/``, or a wrong example of ``docs/examples/``.

    The argument is the name of the twin, or of the example with its ``.py``.
    ``:show:`` names the function to show, or two: ``greet to main``. The content says
    what goes wrong.
    ``:status:`` is the exit status of an example that ends with an error, and
    ``:expect:`` names what its output must contain, a line for each claim. ``:live:``
    lets the reader run an example in the page.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "show": directives.unchanged_required,
        "status": directives.nonnegative_int,
        "expect": directives.unchanged_required,
        "live": directives.flag,
    }

    def shown(self) -> list[nodes.Node]:
        """Return the box; the build fails if nothing goes wrong in it."""
        name = self.arguments[0]
        if not self.content:
            raise self.error("wrong code needs a sentence that says what goes wrong")
        if "show" not in self.options:
            raise self.error("broken needs :show:, the function to be shown")
        if name.endswith(".py"):
            title, file, text, printed = self.example(name)
            cell = live.cell(self.env, name, text) if "live" in self.options else []
            return [self.box(title, file, text, printed), *cell]
        return [self.box(*self.twin(name))]

    def example(self, name: str) -> tuple[str, str, str, str]:
        """Return title, file, text and captured output of a wrong example."""
        name = running.example(self.env.docname, name)
        path = running.EXAMPLES / name
        run = running.Run(name, self.options.get("status", 0))
        printed = running.show(self, run)
        text = path.read_text(encoding="utf-8")
        first = (ast.get_docstring(parsing.parsed(text)) or "").partition("\n")[0]
        mark, _, sentence = first.partition(": ")
        if mark != "Wrong on purpose":
            raise self.error(
                f"docs/examples/{name} does not say that it is wrong on purpose"
            )
        shown = f"$ {running.command(name)}\n{printed}"
        return sentence, f"docs/examples/{name}", text, shown

    def twin(self, name: str) -> tuple[str, str, str, str]:
        """Return title, file, text and verdict of a broken twin."""
        by_name = {twin.name: twin for twin in twins.twins()}
        if name not in by_name:
            raise self.error(
                f"there is no twin {name!r}; there are {', '.join(by_name)}"
            )
        twin = by_name[name]
        file = twin.diff.file
        for path in (twin.diff.path, twin.of.path):
            self.env.note_dependency(str(path))
        found = judge_twin(twin)
        if found.unmet is None:
            raise self.error(f"{file} keeps {twin.breaks}: it is not wrong any more")
        text = changes.source(twin.step)
        return twin.sentence, file, text, running.without_folders(repr(found))

    def box(self, title: str, file: str, text: str, shown: str) -> nodes.admonition:
        """Return the marked box with everything in it."""
        parts = dict(changes.names(text))
        names = self.options["show"].split(" to ")
        if missing := [name for name in names if name not in parts]:
            raise self.error(f"{file} has no {missing[0]}")
        first, last = parts[names[0]].lineno, parts[names[-1]].end_lineno
        code = "\n".join(text.splitlines()[first - 1 : last])
        if not code:
            raise self.error(f"{file}: {names[0]} comes after {names[-1]}")
        words = f"Wrong on purpose: {title}"
        block = nodes.literal_block(code, code, language="python3", linenos=True)
        block["highlight_args"] = {"linenostart": first}
        output = nodes.literal_block(
            shown.rstrip(), shown.rstrip(), language="text", classes=["output"]
        )
        place = nodes.caption("", "", nodes.literal(file, file))
        listing = nodes.container(
            "", place, block, classes=["literal-block-wrapper"], literal_block=True
        )
        content = self.parse_content_to_nodes()
        title_node = nodes.title(words, words)
        return nodes.admonition(
            "", title_node, *content, listing, output, classes=["broken"]
        )


class SpotTheBug(Broken):
    """All broken twins as riddles: the function first, the answer folded away."""

    required_arguments = 0
    has_content = False
    option_spec: ClassVar = {}

    def shown(self) -> list[nodes.Node]:
        """Return a section for each step that has twins, in the order of the story."""
        order = [step.name for step in story.steps()]
        every = sorted(twins.twins(), key=lambda twin: order.index(twin.of.name))
        riddles = [self.riddle(n, twin) for n, twin in enumerate(every, 1)]
        sections: list[nodes.Node] = []
        for number, those in groupby(zip(every, riddles, strict=True), key=after):
            title = f"After {number}"
            section = nodes.section(
                "", nodes.title(title, title), ids=[f"after-{number}"]
            )
            section += [riddle for _, riddle in those]
            sections.append(section)
        return sections

    def riddle(self, number: int, twin: Twin) -> nodes.section:
        """Return one twin: what it changed, and what that breaks."""
        _, file, _, shown = self.twin(twin.name)
        title = f"Riddle {number}: {twin.of.name}, with a mistake in it"
        section = nodes.section(
            "", nodes.title(title, title), ids=[f"twin-{twin.name}"]
        )
        code = excerpt(twin)
        if not code:
            raise self.error(f"{file} has every function as {twin.of.name} has it")
        block = nodes.literal_block(code, code, language="python3")
        answer = nodes.admonition(
            "", nodes.title("", "What it breaks"), classes=["broken"], collapsible=True
        )
        answer["open"] = False
        words = nodes.Text(f"{twin.sentence} The file is ")
        answer += nodes.paragraph("", "", words, nodes.literal(file, file))
        answer += nodes.literal_block(shown, shown, language="text", classes=["output"])
        why = f"{twin.cause} {twin.repair}"
        answer += nodes.paragraph(why, why)
        lines = twin.diff.text
        answer += nodes.literal_block(lines, lines, language="diff")
        section += [block, answer]
        return section


def after(pair: tuple[Twin, nodes.section]) -> str:
    """Return the number of the first server that has what a twin is wrong about."""
    of = pair[0].of
    users = (s.number for s in story.steps_of("server") if of.name in s.imports)
    return of.number if of.kind != "utils" else next(users)


def excerpt(twin: Twin) -> str:
    """Return the functions that a twin changes, and other lines that are new in it.

    Each is below the line of its class, and a comment is where lines are left out.
    """
    text = changes.source(twin.step)
    lines, named = text.splitlines(), dict(changes.names(text))
    first = parsing.parsed(text).body[0].end_lineno or 0  # after the docstring
    new = {n for n in changes.changed_lines(changes.source(twin.of), text) if n > first}
    shown = set(new)
    for name, node in named.items():
        span = range(node.lineno, (node.end_lineno or 0) + 1)
        if isinstance(node, ast.ClassDef):
            continue
        places = (f"{hunk.place}." for hunk in twin.diff.hunks)
        if new & set(span) or any(place.startswith(f"{name}.") for place in places):
            shown |= set(span)
    for node in named.values():
        if isinstance(node, ast.ClassDef):
            below = range(node.lineno, (node.end_lineno or 0) + 1)
            shown |= {node.lineno} if shown & set(below) else set()
    return "\n".join(with_marks(lines, sorted(shown)))


def with_marks(lines: list[str], shown: list[int]) -> Iterator[str]:
    """Yield the lines of these numbers, and a mark where others are left out."""
    for last, number in pairwise([shown[0] - 1, *shown] if shown else []):
        line, between = lines[number - 1], lines[last : number - 1]
        if between:
            if not lines[last - 1].startswith("class "):
                yield ""
            if any(text.strip() for text in between):
                yield f"{line[: len(line) - len(line.lstrip())]}# ..."
                yield ""
        yield line
