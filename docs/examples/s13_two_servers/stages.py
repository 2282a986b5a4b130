"""The stages between step 12 and step 13, and how many behaviours each passes.

A stage is made from the finished step: code that has not moved yet is put back.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lab import behaviours, search, story
from lab.check.judge import run_in_simulation
from lab.course.changes import code, source
from lab.story import Step
from lab.unmet import Unmet

TIMEOUT = 5.0  # seconds of the simulation's clock for an answer
SEEDS = range(20)
STAGES = {
    "state in an object": ("utils04", "utils05"),
    "and delivery in utils04": ("utils05",),
    "and the process in utils05": (),
}


def main() -> None:
    """Print a row for each stage."""
    step = story.find("13")
    print(f"{'':28}{'lines':>6}{'behaviours':>12}{'crowds':>8}")
    before = row("step 12", story.find("12"))
    with TemporaryDirectory() as folder:
        for number, (words, inside) in enumerate(STAGES.items(), 1):
            path = Path(folder, f"stage{number}.py")
            path.write_text(put_back(source(step), inside), encoding="utf-8")
            passed = row(words, Step(path))
            assert passed == before + 2, f"{words}: the page says two more than before"


def row(words: str, stage: Step) -> int:
    """Print the row of one stage, and return how many behaviours it passes."""
    wanted = [b for b in behaviours.every() if behaviours.holds(b, story.find("13"))]
    kept = sum(is_kept(behaviour, stage) for behaviour in wanted)
    found = search.search(stage, SEEDS, like=story.find("12"), smaller=False).found
    crowds = "ok" if found is None else "fails"
    lines = len(code(source(stage)))
    print(f"{words:28}{lines:6}{f'{kept} of {len(wanted)}':>12}{crowds:>8}")
    return kept


def is_kept(behaviour: behaviours.Behaviour, stage: Step) -> bool:
    """Whether a stage passes a behaviour, in the simulation."""
    try:
        run_in_simulation(behaviour, stage, TIMEOUT)
    except Unmet:
        return False
    return True


def put_back(text: str, names: tuple[str, ...]) -> str:
    """Return a step with the code of imported modules copied into it."""
    for name in names:
        body = re.sub(r'\A""".*?"""\n', "", source(story.find(name)), flags=re.DOTALL)
        text = re.sub(rf"^from {name} import .*\n", "", text, flags=re.MULTILINE)
        imports, rest = split(text)
        more, moved = split(body)
        text = imports + without(more, names) + moved + rest
    return text


def split(text: str) -> tuple[str, str]:
    """Return a module up to its last import, and the rest."""
    last = list(re.finditer(r"^(?:from|import) .*\n", text, re.MULTILINE))[-1].end()
    return text[:last], text[last:]


def without(imports: str, names: tuple[str, ...]) -> str:
    """Return import lines without those of some modules."""
    return "".join(line for line in lines(imports) if line.split()[1] not in names)


def lines(imports: str) -> Iterator[str]:
    """Yield the import lines."""
    return (x for x in imports.splitlines(keepends=True) if x.strip())


if __name__ == "__main__":
    main()
