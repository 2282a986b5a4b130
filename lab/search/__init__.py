"""Looks for fault: random crowds of clients on a bad network, seed after seed.

``search`` plays seeds until one breaks an invariant, then makes that crowd as small as
it can and still break it. What it returns can be played again, exactly, and told:

- ``plan``: what a crowd does, drawn from a seed;
- ``faults``: what can go wrong, and the step that survives it;
- ``crowd``: plays a plan on a step, in the simulation;
- ``invariants``: what has to hold whatever happens.
"""

import html
import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lab import story
from lab.mistakes import twins
from lab.pictures.sequence import Sequence
from lab.search import crowd, faults, invariants, plan
from lab.search.crowd import Run
from lab.search.plan import Plan
from lab.stepper import Recorder, Scene
from lab.story import Step

SHRINKS = 500  # runs at most to make a failing crowd smaller
FIRST_ANSWERS = "server04"  # the first step that answers


@dataclass(frozen=True)
class Found:
    """A crowd that breaks an invariant: how, and after how many seeds it was found.

    In a notebook it shows itself: the story of the run as a sequence diagram.
    """

    step: Step
    seed: int
    invariant: str
    what: str
    run: Run
    original: Plan

    def story(self, most: int = 30) -> Sequence:
        """Return what the clients sent and heard, last of all what went wrong."""
        clients = [p.client for p in self.run.everybody if p.client is not None]
        if not clients:  # nobody has to come to see what is wrong
            return Sequence([], ["server"])
        return Sequence.of(*clients, most=most, last=True)

    def scene(self) -> Scene:
        """Play the run again, recorded: what the stepper shows, moment by moment."""
        run = self.run
        files = [str(path) for path in (self.step.path, run.utils) if path is not None]
        recorder = Recorder(files)
        with recorder.recording():
            again = crowd.play(
                self.step,
                run.plan,
                answers=run.answers,
                utils=run.utils,
                loop_factory=recorder.loop,
            )
        title = f"{self.step.name}, seed {self.seed}: {self.invariant}"
        scene = Scene.of(title, recorder, seed=self.seed, error=again.stuck)
        until = again.looked or math.inf  # what comes later is the tidying up
        last = max(now.index for now in scene.moments if now.turn <= until)
        scene.mark("broken", self.invariant, self.what, lambda now: now.index == last)
        return scene

    def text(self) -> str:
        """Return what was found, a fact a line."""
        parts = [f"{p.name}: {_told(p)}" for p in self.run.plan.parts]
        smaller = f"{self.original.size} acts, made smaller to {self.run.plan.size}"
        lines = [
            f"{self.step.name}, seed {self.seed}: {self.invariant}",
            f"  {self.what}",
            f"  the crowd ({smaller}):",
            *(f"    {part}" for part in parts),
        ]
        if self.run.complaint:
            lines.append(f"  the server's last complaint: {self.run.complaint}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f"{_pre(self.text())}{self.story()._repr_html_()}"


@dataclass(frozen=True)
class Searched:
    """What came of a search: how many seeds in how many seconds, and what was found."""

    step: Step
    seeds: int
    seconds: float
    found: Found | None

    def __repr__(self) -> str:
        rate = self.seeds / self.seconds if self.seconds else 0.0
        counted = f"{self.seeds} seeds in {self.seconds:.1f} s ({rate:.0f} a second)"
        if self.found is None:
            return f"{self.step.name}: {counted}, nothing found"
        return f"{self.found!r}\n{counted}"

    def _repr_html_(self) -> str:
        picture = self.found.story()._repr_html_() if self.found else ""
        return f"{_pre(repr(self))}{picture}"


def search(
    step: str | Step,
    seeds: Collection[int] = range(100),
    *,
    fault: Collection[str] | None = None,
    utils: Path | None = None,
    like: Step | None = None,
    smaller: bool = True,
) -> Searched:
    """Play these seeds on a step, until one breaks what has to hold.

    ``fault`` names what may go wrong; without it, all that the step must survive.
    ``smaller=False`` leaves the crowd that was found as it is.
    ``like`` is the step that a file of somebody's own is held to, ``utils`` a file that
    stands in for the one that the step imports. Raises NoSuchStep, and LookupError for
    unknown fault.
    """
    step = story.find(twins.located(step)) if isinstance(step, str) else step
    like = like or step
    names = [t.name for t in faults.survived_by(like)] if fault is None else fault
    names = [faults.find(name).name for name in names]
    begin = time.perf_counter()
    played = 0
    for played, seed in enumerate(seeds, 1):
        whole = plan.drawn(seed, names)
        look = _Look(step, like, utils)
        broken = look.at(whole)
        if broken is not None:
            seconds = time.perf_counter() - begin
            found = Found(step, seed, *broken, whole)
            return Searched(
                step, played, seconds, _smallest(look, found) if smaller else found
            )
    return Searched(step, played, time.perf_counter() - begin, None)


class _Look:
    """Plays plans on one step, and says what they break."""

    def __init__(self, step: Step, like: Step, utils: Path | None) -> None:
        self.step, self.like, self.utils = step, like, utils
        self.answers = like.name >= FIRST_ANSWERS

    def at(self, whole: Plan) -> tuple[str, str, Run] | None:
        """Return the first invariant that the plan breaks, how, and the run."""
        run = crowd.play(self.step, whole, answers=self.answers, utils=self.utils)
        for invariant in invariants.of(self.like):
            for what in invariant.check(run):
                return invariant.name, what, run
        return None


def _smallest(look: _Look, found: Found) -> Found:
    """Return the smallest crowd that still breaks the same invariant."""
    left = SHRINKS
    again = True
    while again:
        again = False
        for candidate in plan.shorter(found.run.plan):
            if left == 0:
                return found
            left -= 1
            broken = look.at(candidate)
            if broken is not None and broken[0] == found.invariant:
                found = Found(found.step, found.seed, *broken, found.original)
                again = True
                break
    return found


def _told(part: plan.Part) -> str:
    acts = [_act(act) for act in part.acts]
    faults = part.faults
    network = ["in pieces"] if faults.split else []
    if faults.latency + faults.jitter:
        most = faults.latency + faults.jitter
        network.insert(0, f"{faults.latency:g} to {most:g} s late")
    how = f" ({', '.join(network)})" if network else ""
    return f"{', '.join(['connect', *acts])}; {part.end}{how}"


def _act(act: plan.Act) -> str:
    long = act.what in ("say", "forge") and act.size > plan.SHORT
    return f"{act.what} {act.room}" + (f" ({act.size} characters)" if long else "")


def _pre(text: str) -> str:
    style = "white-space: pre-wrap; font-size: 0.85em"
    return f'<pre style="{style}">{html.escape(text)}</pre>'
