"""``.. broken::``: wrong code, which is never shown without saying so.

It carries a mark, a sentence, the code, and the failure as a run just captured it.
"""

import ast
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from lab.check.judge import judge_twin
from lab.course import changes
from lab.mistakes import twins
from lab.mistakes.twins import Twin
from sphinx_book import running
from sphinx_book.computed import Computed


class Broken(Computed):
    """Show a twin of ``steps/broken/``, or a wrong example of ``docs/examples/``.

    The argument is the name of the twin, or of the example with its ``.py``.
    ``:show:`` names the function to show, or two: ``greet to main``. The content says
    what goes wrong.
    ``:status:`` is the exit status of an example that ends with an error.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "show": directives.unchanged_required,
        "status": directives.nonnegative_int,
    }

    def shown(self) -> list[nodes.Node]:
        """Return the box; the build fails if nothing goes wrong in it."""
        name = self.arguments[0]
        if not self.content:
            raise self.error("wrong code needs a sentence that says what goes wrong")
        if "show" not in self.options:
            raise self.error("broken needs :show:, the function to be shown")
        if name.endswith(".py"):
            return [self.box(*self.example(name))]
        return [self.box(*self.twin(name))]

    def example(self, name: str) -> tuple[str, str, str, str]:
        """Return title, file, text and captured output of a wrong example."""
        name = running.example(self.env.docname, name)
        path = running.EXAMPLES / name
        run = running.Run(name, self.options.get("status", 0))
        printed = running.show(self, run)
        text = path.read_text(encoding="utf-8")
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        mark, _, sentence = first.partition(": ")
        if mark != "Wrong on purpose":
            raise self.error(
                f"docs/examples/{name} does not say that it is wrong on purpose"
            )
        shown = f"$ {running.command(name)}\n{printed}"
        return sentence, f"docs/examples/{name}", text, shown

    def twin(self, name: str) -> tuple[str, str, str, str]:
        """Return title, file, text and verdict of a broken twin."""
        by_name = {twin.step.name: twin for twin in twins.twins()}
        if name not in by_name:
            raise self.error(
                f"there is no twin {name!r}; there are {', '.join(by_name)}"
            )
        twin = by_name[name]
        self.env.note_dependency(str(twin.step.path))
        found = judge_twin(twin)
        if found.not_yet is None:
            file = f"steps/broken/{name}.py"
            raise self.error(f"{file} keeps {twin.breaks}: it is not wrong any more")
        return (
            twin.sentence,
            f"steps/broken/{name}.py",
            changes.source(twin.step),
            running.without_folders(repr(found)),
        )

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
        """Return a section for each twin."""
        return [self.riddle(n, twin) for n, twin in enumerate(twins.twins(), 1)]

    def riddle(self, number: int, twin: Twin) -> nodes.section:
        """Return one twin: what it changed, and what that breaks."""
        name = twin.step.name
        _, file, _, shown = self.twin(name)
        title = f"Riddle {number}: {twin.of.name}, with a mistake in it"
        section = nodes.section("", nodes.title(title, title), ids=[f"twin-{name}"])
        parts = "\n\n".join(changed_parts(twin))
        if not parts:
            raise self.error(f"{file} has every function as {twin.of.name} has it")
        block = nodes.literal_block(parts, parts, language="python3")
        answer = nodes.admonition(
            "", nodes.title("", "What it breaks"), classes=["broken"], collapsible=True
        )
        answer["open"] = False
        words = nodes.Text(f"{twin.sentence} The file is ")
        answer += nodes.paragraph("", "", words, nodes.literal(file, file))
        answer += nodes.literal_block(shown, shown, language="text", classes=["output"])
        section += [block, answer]
        return section


def changed_parts(twin: Twin) -> list[str]:
    """Return the functions that differ from those of the step, as the twin has them."""
    theirs, ours = changes.source(twin.step), dict(functions(changes.source(twin.of)))
    return [text for name, text in functions(theirs) if ours.get(name) != text]


def functions(text: str) -> list[tuple[str, str]]:
    """Return the innermost functions of a file with their names."""
    lines = text.splitlines()
    found = [
        (n, node)
        for n, node in changes.names(text)
        if not isinstance(node, ast.ClassDef)
    ]
    return [
        (n, "\n".join(lines[node.lineno - 1 : node.end_lineno])) for n, node in found
    ]
