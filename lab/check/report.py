"""The results of the behaviours, and the report on them."""

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lab import story
from lab.behaviours import Behaviour
from lab.check import pages
from lab.check.causes import Cause, once
from lab.check.pages import Page
from lab.check.shown import last_of, shortened
from lab.host import Running
from lab.story import Step
from lab.unmet import Unmet

# Why a behaviour is not judged where a bench has not what it needs.
WHY = {
    "framing": "no file of it has new_messages and send_message, in Python",
    "output": "the server's output is not seen here",
    "exit": "the end of the process is not seen here",
    "clock": "only the simulation can show it, and that takes a Python file",
    "writes": "only the simulation can show it, and that takes a Python file",
    "another": "only the simulation can show it, and that takes a Python file",
    "limits": "a limit of the step is in the way; only a Python file's can be lifted",
}


@dataclass(frozen=True)
class Result:
    """The result of one behaviour; ``expected`` and ``got`` are empty if it is kept.

    ``got`` says why if it is not judged. ``causes`` are errors in the learner's code.
    """

    name: str
    since: str
    sentence: str
    verdict: Literal["kept", "broken", "not judged"]
    expected: str = ""
    got: str = ""
    hint: str = ""
    page: Page | None = None
    causes: tuple[Cause, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return a value for json.dumps; the report has the causes."""
        fields = asdict(self)
        del fields["causes"]
        return fields | {"page": self.page.path if self.page else ""}

    @classmethod
    def of_json(cls, fields: dict[str, Any], causes: Sequence[Any]) -> "Result":
        """Return the result that ``as_json`` and the causes were made of.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        path = fields["page"]
        page = next((p for p in pages.chapters() if p.path == path), None)
        return cls(
            **fields | {"page": page, "causes": tuple(Cause(**c) for c in causes)}
        )


def last_complaint(running: Running) -> str:
    """Return the last thing that it wrote to stderr, as the end of a sentence."""
    complaint = last_of(running.errors.lines)
    return f": {complaint}" if complaint else ""


def result(
    behaviour: Behaviour,
    unmet: Unmet | None = None,
    *,
    missing: str | None = None,
    causes: tuple[Cause, ...] = (),
) -> Result:
    """Return the result of one behaviour, with help where it is broken."""
    about = (behaviour.name, behaviour.since, behaviour.sentence)
    if missing is not None:
        return Result(*about, "not judged", got=WHY.get(missing, missing))
    if unmet is None:
        return Result(*about, "kept", causes=causes)
    expected, got = shortened(unmet.expected), shortened(unmet.got)
    page = pages.chapter(behaviour)
    return Result(*about, "broken", expected, got, behaviour.hint, page, causes)


def reached(step: Step, results: Sequence[Result]) -> str:
    """Return the highest step up to which nothing is broken; empty for none."""
    highest = ""
    for other in story.steps():
        mine = [r for r in results if r.since == other.name]
        if any(r.verdict == "broken" for r in mine):
            break
        if other.kind == "server":
            highest = other.name
        if other.name == step.name:
            break
    return highest


@dataclass(frozen=True)
class Form:
    """How a report is written. ``hint`` is what to do for one; empty to show it.

    ``every`` shows all in full, and ``bare`` leaves out the count of what is kept.
    """

    hint: str = ""
    every: bool = False
    page: Callable[[Page], str] = str
    text: Callable[[str], str] = str
    folded: Callable[[str], str] = str  # what is shown when it is asked for

    def one(self, result: Result, full: bool) -> Iterator[str]:
        """Yield the lines about one result."""
        mark = result.verdict.upper() if result.verdict == "broken" else result.verdict
        yield self.text(f"{mark:10}  {result.since}  {result.sentence}")
        if full and result.verdict == "not judged":
            yield _under("because", self.text(result.got))
        if not full or result.verdict != "broken":
            return
        yield _under("expected", self.text(result.expected))
        yield _under("got", self.text(result.got))
        if result.hint:
            hint = self.hint or self.folded(self.text(result.hint))
            yield _under("hint", hint)
        if result.page is not None:  # none while the chapter is being written
            yield _under("read", self.page(result.page))

    def cause(self, cause: Cause) -> Iterator[str]:
        """Yield the lines about a mistake in a line of the file."""
        yield self.text(f"{cause.kind:10}  {cause.place}  {cause.words}")
        if cause.pitfall:
            yield _under("read", self.page(pages.pitfall(cause.pitfall)))

    def unjudged(self, results: Sequence[Result]) -> Iterator[str]:
        """Yield a line for each reason why behaviours were not judged."""
        reasons: dict[str, int] = {}
        for result in results:
            reasons[result.got] = reasons.get(result.got, 0) + 1
        for why, number in reasons.items():
            yield self.text(f"not judged  {_behaviours(number)}: {why}")


def _under(label: str, words: str) -> str:
    return f"{'':12}{f'{label}:':10}{words}"


def _behaviours(number: int) -> str:
    return f"{number} behaviour{'' if number == 1 else 's'}"


def _in_html() -> Form:
    def link(page: Page) -> str:
        return f'<a href="{html.escape(page.link)}">{html.escape(page.title)}</a>'

    def folded(hint: str) -> str:
        return f"<details><summary>show it</summary>{hint}</details>"

    return Form(page=link, text=html.escape, folded=folded)


@dataclass(frozen=True, repr=False)
class Report:
    """All results. ``partial``: only some behaviours up to the step.

    ``found`` has the mistakes that were found by running the file, and ``file`` is what
    to call it in a command, if it is a file.
    """

    step: Step
    results: Sequence[Result]
    partial: bool
    found: Sequence[Cause] = ()
    file: str = ""

    def __repr__(self) -> str:
        return self.told(Form(hint="in the attribute .hint of this report"))

    def _repr_html_(self) -> str:
        return f'<pre class="report">{self.told(_in_html())}</pre>'

    def told(self, form: Form, *, begun: bool = False) -> str:
        """Return the report; the mistakes first, and then the first broken behaviour.

        ``begun`` leaves out both, as they have been told already.
        """
        lines = [] if begun else [*self.beginning(form)]
        broken = self._with("broken")
        for result in self.results if form.every else broken[1:]:
            if result is not next(iter(broken), None):
                lines += form.one(result, full=form.every)
                if result.verdict == "broken":
                    told = (f"{c.place}  {c.words}" for c in self._news(result))
                    lines += (_under("raised", form.text(words)) for words in told)
        if not form.every:
            lines += form.unjudged(self._with("not judged"))
        gap = [""] if lines or begun else []
        return "\n".join([*lines, *gap, *self.ending(form)])

    def beginning(self, form: Form) -> Iterator[str]:
        """Yield the mistakes in the file's lines, and the first broken behaviour."""
        for cause in self.causes:
            yield from form.cause(cause)
        for first in self._with("broken")[:1]:
            yield from form.one(first, full=True)

    def ending(self, form: Form) -> Iterator[str]:
        """Yield the counts, and what to do next."""
        yield form.text(self.summary())
        if not self.partial and self.reached != self.step.name:
            yield f"Common mistakes: {form.page(pages.pitfalls())}"
        elif self._all_is_kept and self.file and self.step.listens:
            search = f"python -m lab search {self.step.number} {self.file}"
            yield form.text(f"Now let random crowds loose on it: {search}")

    def _with(self, verdict: str) -> list[Result]:
        return [result for result in self.results if result.verdict == verdict]

    @property
    def causes(self) -> list[Cause]:
        """The mistakes in the file's lines, each line once.

        They are the findings, and exceptions raised where a behaviour broke first.
        """
        first = self._with("broken")[:1]
        return once([*self.found, *(cause for one in first for cause in one.causes)])

    def _news(self, result: Result) -> list[Cause]:
        """Return exceptions of the learner's code that were raised only there.

        An exception also raised where a behaviour is kept may not be the reason.
        """
        known = {cause for kept in self._with("kept") for cause in kept.causes}
        known |= set(self.causes)
        return [cause for cause in result.causes if cause not in known]

    @property
    def hint(self) -> str:
        """A hint for the first broken behaviour; empty if none is broken."""
        return next((result.hint for result in self._with("broken")), "")

    @property
    def kept(self) -> bool:
        """Whether something was judged, and nothing is broken or found."""
        return bool(self._with("kept")) and not (self._with("broken") or self.found)

    @property
    def _all_is_kept(self) -> bool:
        return self.kept and not self.partial and not self._with("not judged")

    @property
    def reached(self) -> str:
        """The step that the server has reached; empty for none, or if unknown."""
        return "" if self.partial or self.found else reached(self.step, self.results)

    @property
    def verdict(self) -> str:
        """The counts in a few words, what is to be repaired first."""
        mistakes = len(once(self.found))
        counts = [(mistakes, "mistake found" if mistakes == 1 else "mistakes found")]
        counts += [(len(self._with(v)), v) for v in ("broken", "kept", "not judged")]
        return ", ".join(f"{number} {what}" for number, what in counts if number)

    def summary(self) -> str:
        """Return how many there are of each verdict, and how far up the server is."""
        counts = [(len(self._with(v)), v) for v in ("kept", "broken", "not judged")]
        counted = ", ".join(f"{number} {what}" for number, what in counts if number)
        if number := len(once(self.found)):
            mistakes = "1 mistake" if number == 1 else f"{number} mistakes"
            counted += f"; {mistakes} found by running it"
        if self.partial:
            return counted
        if self.found:
            what = "that" if number == 1 else "these"
            return f"{counted}. Repair {what} first; the goal was {self.step.name}."
        words = f"as far as {self.reached}" if self.reached else "not yet at any step"
        return f"{counted}. The server is {words}; the goal was {self.step.name}."

    def as_json(self) -> dict[str, object]:
        """Return the whole report as something that json.dumps takes."""
        return {
            "step": self.step.name,
            "reached": self.reached or None,
            "kept": self.kept,
            "causes": [asdict(cause) for cause in self.causes],
            "behaviours": [result.as_json() for result in self.results],
        }
