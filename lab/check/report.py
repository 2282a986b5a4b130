"""What came of the behaviours, and how that is told."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from lab import story
from lab.behaviours import Behaviour
from lab.host import Running
from lab.story import ROOT, Step
from lab.unmet import Unmet

SHOWN = 500  # characters of an answer that are shown


@dataclass(frozen=True)
class Result:
    """What came of one behaviour; ``expected`` and ``got`` are empty unless broken."""

    name: str
    since: str
    sentence: str
    verdict: Literal["kept", "broken", "not judged"]
    expected: str = ""
    got: str = ""
    hint: str = ""
    page: str = ""


def last_complaint(running: Running) -> str:
    """Return the last thing that it wrote to stderr, as the end of a sentence."""
    complaints = [line for line in running.errors.lines if line.strip()]
    return f": {shortened(complaints[-1].strip())}" if complaints else ""


def shortened(text: str) -> str:
    """Return what can be shown in a line of a terminal, whatever a server has sent."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def result(
    behaviour: Behaviour, unmet: Unmet | None = None, *, missing: str | None = None
) -> Result:
    """Return the result of one behaviour, with what helps where it is broken."""
    about = (behaviour.name, behaviour.since, behaviour.sentence)
    if missing is not None:
        return Result(*about, "not judged", got=missing)
    if unmet is None:
        return Result(*about, "kept")
    expected, got = shortened(unmet.expected), shortened(unmet.got)
    return Result(*about, "broken", expected, got, behaviour.hint, page(behaviour))


def page(behaviour: Behaviour) -> str:
    """Return the chapter that explains a behaviour; empty if there is none yet."""
    step = story.find(behaviour.since)
    stem = step.number if step.kind == "server" else step.name
    chapters = [
        *(ROOT / "docs").glob(f"{stem}-*.rst")
    ]  # none while it is being written
    return chapters[0].relative_to(ROOT).as_posix() if chapters else ""


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


def lines(result: Result) -> Iterator[str]:
    """Yield what is printed about one result."""
    mark = {"kept": "kept      ", "broken": "BROKEN    ", "not judged": "not judged"}
    yield f"{mark[result.verdict]}  {result.since}  {result.sentence}"
    if result.verdict == "broken":
        yield f"{'':12}expected: {result.expected}"
        yield f"{'':12}got:      {result.got}"
        if result.hint:
            yield f"{'':12}hint:     {result.hint}"
        if result.page:  # none while the chapter is being written
            yield f"{'':12}read:     {result.page}"


@dataclass(frozen=True, repr=False)
class Report:
    """What came of all of them. ``partial``: some behaviours up to the step only."""

    step: Step
    results: Sequence[Result]
    partial: bool

    def __repr__(self) -> str:
        listed = [line for result in self.results for line in lines(result)]
        return "\n".join([*listed, "", self.summary()])

    @property
    def kept(self) -> bool:
        """Whether nothing is broken, and not only because nothing was judged."""
        verdicts = {result.verdict for result in self.results}
        return "kept" in verdicts and "broken" not in verdicts

    @property
    def reached(self) -> str:
        """The step that the server has reached; empty for none, and if unknown."""
        return "" if self.partial else reached(self.step, self.results)

    def summary(self) -> str:
        """Return how many there are of each verdict, and how far up the server is."""
        verdicts = ("kept", "broken", "not judged")
        counts = [(sum(r.verdict == v for r in self.results), v) for v in verdicts]
        counted = ", ".join(f"{number} {what}" for number, what in counts if number)
        if self.partial:
            return counted
        words = f"as far as {self.reached}" if self.reached else "not yet at any step"
        last = f"{counted}. The server is {words}; the goal was {self.step.name}."
        if self.reached != self.step.name:
            last += "\nWhat many people stumble over: docs/pitfalls.rst"
        return last

    def as_json(self) -> dict[str, object]:
        """Return the whole report as something that json.dumps takes."""
        return {
            "step": self.step.name,
            "reached": self.reached or None,
            "kept": self.kept,
            "behaviours": [asdict(result) for result in self.results],
        }
