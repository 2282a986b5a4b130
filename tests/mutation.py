"""Mutation: mutmut changes a step in one place after the other; which tests notice?

``python -m tests.mutation`` puts every mutant of the newest server, and of its
framing, to the tests that run in this process. Whoever gets through is put to what
takes other processes, and to random crowds. What is found is kept in
docs/_data/mutants.json, which the chapter about testing shows.

mutmut is no dependency of the book: ``make mutants`` installs it in a folder of its
own.
"""

import argparse
import asyncio
import collections
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from lab import story
from lab.commands.search import SAME_HASHES
from lab.mistakes import detectors
from lab.story import ROOT, Step

from . import copies

RESULTS = ROOT / "docs" / "_data" / "mutants.json"
MAX_SECONDS = 900.0  # seconds for one mutant in one net: a busy machine is no net
SEEDS = 100
KILLED, SURVIVED, NOT_REACHED = 1, 0, 33  # as mutmut notes them; others: it broke down
NETS = ("wire", "search")  # for those who got through
NEWEST = story.steps_of("server")[-1]

# mutmut tells a mutant by its module. We load a step under another name each time.
OLD = """\
    if step.kind != "other":
        exec(code, vars(module))
        return
"""
NEW = """\
    if step.kind != "other":
        name, module.__name__ = module.__name__, f"steps.{step.name}"
        exec(code, vars(module))
        module.__name__ = name
        return
"""

# Where mutmut is comes last on the path: it brings another pytest with it.
RUN = "import sys; sys.path.append({!r}); from mutmut.__main__ import cli; cli()"

SETTINGS = """\
[mutmut]
source_paths=steps
only_mutate=steps/{name}.py
also_copy=
    {copied}
pytest_add_cli_args=
    -n0
    -x
    -p
    no:cacheprovider
pytest_add_cli_args_test_selection=
    {tests}
"""


def tests_of(step: Step) -> list[str]:
    """Return what pytest is given: all that judges a step without another process."""
    if step.reads_messages:
        return [
            f"tests/test_{step.name}.py",
            "tests/test_staircase.py",
            "-k",
            step.name,
        ]
    files = (Path(name).stem for name in copies.FROM_INSIDE)
    chosen = " or ".join([NEWEST.name, *files])
    return ["tests/test_staircase_simulated.py", *copies.FROM_INSIDE, "-k", chosen]


class Mutmut:
    """A copy of all that it needs, in which it changes one step and runs the tests."""

    def __init__(self, step: Step, folder: Path, mutmut: Path) -> None:
        self.step, self.folder, self.mutmut = step, folder, mutmut
        copies.copy(folder)
        host = folder / "lab" / "host" / "loading.py"
        text = host.read_text(encoding="utf-8")
        assert text.count(OLD) == 1, f"{host} loads steps in another way now"
        host.write_text(text.replace(OLD, NEW), encoding="utf-8")
        if step.kind != "server" and not step.reads_messages:
            name_as_mutmut_does(folder / "steps" / step.path.name)
        settings = SETTINGS.format(
            name=step.name,
            copied="\n    ".join(copies.COPIED),
            tests="\n    ".join(tests_of(step)),
        )
        (folder / "setup.cfg").write_text(settings, encoding="utf-8")

    def run(self, *words: str) -> str:
        """Run mutmut, and return what it prints; SystemExit if it does not end well."""
        done = subprocess.run(
            [sys.executable, "-c", RUN.format(str(self.mutmut)), *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout[-2000:])
        return done.stdout

    def outcomes(self) -> dict[str, int]:
        """Return the mutants, and what mutmut has noted of each."""
        meta = self.folder / "mutants" / "steps" / f"{self.step.name}.py.meta"
        found = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        return dict(found)

    def change(self, mutant: str) -> str:
        """Return in words what a mutant changes, and in which function."""
        lines = self.run("show", mutant).splitlines()
        lines = [line.partition("  # ")[0] for line in lines]
        old = [s[1:].strip() for s in lines if s[:1] == "-" and s[:3] != "---"]
        new = [s[1:].strip() for s in lines if s[:1] == "+" and s[:3] != "+++"]
        function = mutant.removeprefix(f"steps.{self.step.name}.")
        function = function.partition("__mutmut_")[0].removeprefix("x")
        function = function.removeprefix("_").replace("ǁ", ".").strip(".")
        return f"{function}: {' / '.join(old)}  ->  {' / '.join(new)}"

    def caught(self, mutant: str) -> str:
        """Put a mutant to the nets, and return which of them has caught it."""
        for net in NETS:
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "tests.mutation", "--judge", net],
                    cwd=self.folder / "mutants",
                    env={
                        **os.environ,
                        **SAME_HASHES,
                        "PYTHONPATH": f"{self.folder / 'later'}",
                        "MUTANT_UNDER_TEST": mutant,
                    },
                    capture_output=True,
                    text=True,
                    timeout=MAX_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return net
            if done.returncode or json.loads(done.stdout.splitlines()[-1]):
                return net
        return ""


def name_as_mutmut_does(path: Path) -> None:
    """Give a module that steps import the name by which mutmut knows it."""
    text = path.read_text(encoding="utf-8")
    named = f'__name__ = "steps.{path.stem}"\n'
    path.write_text(text.replace("\nimport", f"\n{named}import", 1), encoding="utf-8")


def put(step: Step, mutmut: Path, jobs: int) -> dict[str, object]:
    """Judge all mutants of a step, and return what is to be kept of it."""
    before = os.times()
    with tempfile.TemporaryDirectory() as name:
        subject = Mutmut(step, Path(name), mutmut)
        # What a net starts finds mutmut, but everything else before it.
        later = Path(name, "later")
        later.mkdir()
        words = f"import sys\nsys.path.append({str(mutmut)!r})\n"
        (later / "sitecustomize.py").write_text(words, encoding="utf-8")
        subject.run("run", "--max-children", str(jobs))
        outcomes = subject.outcomes()
        through = [m for m, code in outcomes.items() if code in (SURVIVED, NOT_REACHED)]
        print(f"{step.name}: {len(through)} of {len(outcomes)} got through", flush=True)
        nets_of = [""] * len(through)
        if not step.reads_messages:
            assert subject.caught("") == "", "a net catches what is not changed"
            with ThreadPoolExecutor(2 * jobs) as threads:  # nets wait half of the time
                nets_of = list(threads.map(subject.caught, through))
        found = dict(zip(through, nets_of, strict=True))
        survivors = [subject.change(m) for m in through if not found[m]]
    after = os.times()
    by = collections.Counter(found.get(mutant, "tests") for mutant in outcomes)
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "mutants": len(outcomes),
        "killed": {net: by[net] for net in ("tests", *NETS) if by[net]},
        "seconds": round(sum(after[:4]) - sum(before[:4])),
        "survivors": sorted(survivors),
    }


def judged(net: str) -> str:
    """Return what catches the mutant that is in the environment; empty for nothing."""
    step = NEWEST
    if net == "search":
        return detectors.searched(step, step, SEEDS).by
    # On a busy machine, once may be chance, and twice is not.
    caught = asyncio.run(detectors.wire(step, step)).by
    return caught and asyncio.run(detectors.wire(step, step)).by


def subjects(names: Sequence[str]) -> Iterator[Step]:
    """Yield the steps that are named; without names, the newest and its framing."""
    framing = [name for name in NEWEST.imports if name.startswith("utils")]
    for name in names or [*framing, NEWEST.name]:
        yield story.find(name)


def main() -> int:
    """Judge the mutants of what is named, print the report, and keep it."""
    options = parser().parse_args()
    if options.judge:
        print(json.dumps(judged(options.judge)))
        return 0
    for step in subjects(options.steps):
        found = put(step, options.mutmut.resolve(), options.jobs)
        kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        kept[step.name] = found
        text = json.dumps(kept, indent=1, ensure_ascii=False)
        RESULTS.write_text(f"{text}\n", encoding="utf-8")
        print(json.dumps(found, indent=1, ensure_ascii=False))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    top.add_argument("steps", nargs="*", help="server12, utils02; else the newest")
    top.add_argument("--mutmut", type=Path, default=ROOT / "build" / "mutmut")
    top.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    top.add_argument("--judge", choices=NETS, help=argparse.SUPPRESS)
    return top


if __name__ == "__main__":
    sys.exit(main())
