"""``.. output:: turns.py``: what an example prints, captured in the build."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from sphinx_book import live, running
from sphinx_book.computed import Computed


class Output(Computed):
    """Show the command that a reader would type, and what it printed just now.

    The argument is an example's file, or a command that begins with ``python``.
    ``:status:`` is the exit status that it is expected to end with. ``:live:`` lets the
    reader run the example in the page. ``:expect:`` names what the output must contain,
    a line for each claim that the page makes about it. ``:beside:`` is the step that
    has to be running, because the reader has started it before.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "status": directives.nonnegative_int,
        "live": directives.flag,
        "beside": directives.unchanged_required,
        "expect": directives.unchanged_required,
    }

    def shown(self) -> list[nodes.Node]:
        """Run the example; the build fails if it does not end as expected."""
        name = running.example(self.env.docname, self.arguments[0])
        beside = self.options.get("beside", "")
        run = running.Run(name, self.options.get("status", 0), beside)
        text = running.show(self, run)
        shown = f"$ {running.command(name)}\n{text}".rstrip("\n")
        block = nodes.literal_block(shown, shown, language="text", classes=["output"])
        self.set_source_info(block)
        if "live" not in self.options:
            return [block]
        source = (running.EXAMPLES / name).read_text(encoding="utf-8")
        return [block, *live.cell(self.env, self.arguments[0], source, beside=beside)]
