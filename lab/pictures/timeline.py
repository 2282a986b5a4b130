"""Picture: which task ran when, what it waited for, and who woke it.

``with Timeline() as timeline:`` records the tasks that are created in its block: see
``lab.pictures.recording`` for how, and for what it can know.

Recording makes each step of a task a few microseconds longer: 5 instead of 1.4 for one
that only lets the others have their turn, 8 to 9 instead of 2.6 where tasks wake each
other, and more where dozens wait at one time.
"""

import bisect
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from lab.pictures import drawing
from lab.pictures.drawing import SMALL, escaped, seconds, several, small, wide, written
from lab.pictures.recording import Lane, Recorder, Step

LINES = 100  # in words: more would not be read
LONGEST = 60  # characters of a name, and three times as many where a pointer rests
SHOWN = 16  # tasks drawn: more do not fit on a page
MARKS = 240  # boxes drawn: steps that lie close together become one
COLUMNS = 60  # turns drawn: what comes later looks the same
ARROWS = 40  # drawn if there are so few: more hide what they lie upon

TOP = 30  # pixels above the first task, for the axis
ROW = 34  # pixels from one task to the next: a box, and the words above a line
WIDTH = 516  # pixels from the beginning to the end
HAIR = 2  # pixels between two boxes that can be told apart
RIGHT = 100  # pixels after that, for how a task ended


class Timeline(Recorder):
    """The tasks that are created in its block; a notebook draws it.

    ``axis="time"`` draws them over the loop's clock, ``axis="turns"`` over the number
    of the step, which shows how they take turns. ``only`` names the tasks to be shown,
    by their own name or that of their coroutine. Raises ValueError for another axis,
    and RuntimeError for a block without a running loop.
    """

    def __init__(
        self, axis: Literal["time", "turns"] = "time", only: Collection[str] = ()
    ) -> None:
        super().__init__()
        if axis not in ("time", "turns"):
            raise ValueError(f"axis is 'time' or 'turns', not {axis!r}")
        self.axis = axis
        self.only = {only} if isinstance(only, str) else set(only)

    def svg(self) -> str:
        """Return the picture as an ``<svg>`` element with a text alternative."""
        return _Picture(_Story(self)).svg()

    def text(self) -> str:
        """Return what happened in words, a line a step; 100 lines at most."""
        return _Story(self).text()

    def _repr_html_(self) -> str:
        return drawing.scrolling(self.svg())


class _Story:
    """What a timeline tells: the tasks that are shown, and all of it in words."""

    def __init__(self, timeline: Timeline) -> None:
        self.turns = timeline.axis == "turns"
        for lane in timeline.lanes:
            lane.note_name()
        self.lanes = [lane for lane in timeline.lanes if _wanted(lane, timeline.only)]
        self.names = _names(timeline.lanes)
        self.steps = sorted(
            (step for lane in self.lanes for step in lane.steps), key=lambda s: s.turn
        )
        self.number = {step: number for number, step in enumerate(self.steps, 1)}
        now = timeline.now() if timeline.recording else timeline.ended
        self.began = min((lane.born for lane in self.lanes), default=timeline.began)
        ends = [lane.steps[-1].end for lane in self.lanes if lane.ended]
        end = max(ends) if ends and len(ends) == len(self.lanes) else now
        self.span = max(
            end - self.began, 1e-6
        )  # a simulated clock may have stood still
        self.left_out = [
            f"{several(number, thing)} {verb}"
            for number, thing, verb in [
                (len(timeline.lanes) - len(self.lanes), "other task", "not shown"),
                (timeline.missed_tasks, "later task", "not recorded"),
                (timeline.missed_steps, "later turn", "not recorded"),
            ]
            if number
        ]

    def text(self) -> str:
        """Return a line for each step, as far as there is room."""
        lines = [f"{self._when(s)}: {self.sentence(s)}" for s in self.steps[:LINES]]
        if len(self.steps) > LINES:
            lines.append(f"and {several(len(self.steps) - LINES, 'more turn')}")
        else:
            still = [self.names[lane] for lane in self.lanes if not lane.ended]
            lines += [f"at the end: {name} has not ended" for name in still[:LINES]]
        return "\n".join(drawing.seen(line) for line in [*lines, *self.left_out])

    def _when(self, step: Step) -> str:
        if self.turns:
            return f"turn {self.number[step]}"
        return f"at {seconds(step.start - self.began, self.span)}"

    def sentence(self, step: Step) -> str:
        """Return in words what a task did in one step."""
        first = step.lane.steps[0] is step
        by = step.woken_by if isinstance(step.woken_by, str) else self.name(step)
        woken = f", {'started' if first else 'woken'} by {by}" if by else ""
        time = 0.0 if self.turns else step.end - step.start
        lasts = f", runs for {seconds(time)}" if time else ""  # none on a virtual clock
        goes = "begins" if first else "goes on"
        return f"{self.names[step.lane]} {goes}{woken}{lasts}, and {step.then()}"

    def name(self, step: Step) -> str:
        """Return what to call the task that woke a task."""
        assert isinstance(step.woken_by, Lane), "it was woken by a task"
        return self.names[step.woken_by]

    def summary(self, lane: Lane) -> str:
        """Return in words what became of a task."""
        end = lane.steps[-1].then() if lane.steps else "has not begun"
        return f"{self.names[lane]}: {several(len(lane.steps), 'turn')}, {end}"


def _wanted(lane: Lane, only: Collection[str]) -> bool:
    return lane.name in only if only else not lane.private


def _names(lanes: list[Lane]) -> dict[Lane, str]:
    """Return what to call each task: a number tells those of one name apart."""
    names: dict[Lane, str] = {}
    count: dict[str, int] = {}
    for lane in lanes:
        name = drawing.shortened(lane.name, LONGEST)
        count[name] = number = count.get(name, 0) + 1
        names[lane] = name if number == 1 else f"{name} {number}"
    return names


@dataclass(slots=True)
class _Box:
    """Steps of one task that are drawn as one mark, because they lie so close."""

    steps: list[Step]
    left: float  # pixels
    right: float
    loose: bool = False  # whether there is room between them


class _Picture:
    """The drawing: a row for each task, and time from left to right."""

    def __init__(self, story: _Story) -> None:
        self.story = story
        self.lanes = story.lanes[:SHOWN]
        drawn = set(self.lanes)
        steps = [step for step in story.steps if step.lane in drawn]
        self.steps = steps[:COLUMNS] if story.turns else steps
        self.later = len(steps) - len(self.steps)
        self.row = {lane: number for number, lane in enumerate(self.lanes)}
        self.x0 = 16 + max((wide(self._name(lane)) for lane in self.lanes), default=0)
        if story.turns:
            self.scale = min(max(WIDTH / max(len(self.steps), 1), 16.0), 44.0)
            self.x1 = self.x0 + self.scale * len(self.steps)
            self.column = {step: number for number, step in enumerate(self.steps)}
        else:
            self.scale = WIDTH / story.span
            self.x1 = self.x0 + WIDTH
        self.boxes = self._boxes()
        self.causes = self._causes()

    def svg(self) -> str:
        """Draw all of it."""
        notes, bottom = self._notes(), TOP + ROW * len(self.lanes)
        words = [self.story.summary(lane) for lane in self.lanes]
        arrows = self.causes if len(self.causes) <= ARROWS else []
        return drawing.picture(
            "timeline",
            self.x1 + RIGHT,
            bottom + 16 * len(notes) + 8,
            "\n".join([*words, *notes]),
            [
                *self._axis(bottom),
                *(part for lane in self.lanes for part in self._lane(lane)),
                *(self._arrow(*pair) for pair in arrows),
                *(small(4, bottom + 16 * n, note) for n, note in enumerate(notes, 1)),
            ],
        )

    # Where things lie.

    def _x(self, time: float) -> float:
        return self.x0 + (time - self.story.began) * self.scale

    def _y(self, lane: Lane) -> float:
        return TOP + ROW * self.row[lane] + ROW - 12

    def _sides(self, step: Step) -> tuple[float, float]:
        """Return where the box of a step begins and ends."""
        if self.story.turns:
            left = self.x0 + self.scale * self.column[step]
            return left + 2, left + self.scale - 2
        left = self._x(step.start)
        return left, max(left + 3, self._x(step.end))

    def _birth(self, lane: Lane) -> float:
        if not self.story.turns:
            return self._x(lane.born)
        taken = bisect.bisect(self.steps, lane.turns_before, key=lambda s: s.turn)
        return self.x0 + self.scale * taken

    def _boxes(self) -> dict[Lane, list[_Box]]:
        """Return the boxes of each task: wider ones where there would be too many."""
        width = 0
        while True:
            boxes = {lane: self._merged(lane, width) for lane in self.lanes}
            if sum(map(len, boxes.values())) <= MARKS or width > WIDTH:
                return boxes
            width = 2 * width or 4

    def _merged(self, lane: Lane, width: float) -> list[_Box]:
        """Return the boxes of a task; those become one that a width has room for."""
        boxes: list[_Box] = []
        for step in lane.steps:
            if self.story.turns and step not in self.column:
                break  # left out, with all that follow
            left, right = self._sides(step)
            gap = left - boxes[-1].right if boxes else 0.0
            if boxes and (gap < HAIR or right - boxes[-1].left < width):
                boxes[-1].steps.append(step)
                boxes[-1].right = max(boxes[-1].right, right)
                boxes[-1].loose |= gap >= HAIR
            else:
                boxes.append(_Box([step], left, right))
        return boxes

    def _causes(self) -> list[tuple[Step, Step]]:
        """Return who woke or started whom, where both are drawn."""
        drawn = set(self.steps)
        return [
            (step.cause, step)
            for step in self.steps
            if step.cause is not None and step.cause in drawn
        ]

    # What is drawn.

    def _name(self, lane: Lane) -> str:
        return drawing.shortened(self.story.names[lane], 22)

    def _axis(self, bottom: float) -> list[str]:
        """Draw the numbers above, with a faint line below each."""
        if self.story.turns:
            every = 1 if len(self.steps) <= 20 else 5
            numbers = range(every, len(self.steps) + 1, every)
            marks = [(self.x0 + self.scale * (n - 0.5), f"{n}") for n in numbers]
            marks.append((4 + wide("turn", SMALL) / 2, "turn"))
        else:
            values = drawing.ticks(self.story.span)
            marks = [
                (self.x0 + value * self.scale, seconds(value, values[-1]))
                for value in values
            ]
        lines = [
            f'<path d="M{x:.1f} {TOP - 6}V{bottom}" stroke="currentColor" '
            f'opacity=".15"/>'
            for x, _ in marks
            if x >= self.x0
        ]
        return lines + [small(x, 14, words, "middle") for x, words in marks]

    def _lane(self, lane: Lane) -> list[str]:
        """Draw one task: its name, its boxes, and what lies between them."""
        y, boxes = self._y(lane), self.boxes[lane]
        born, first = self._birth(lane), boxes[0].left if boxes else self.x1
        parts = [
            written(4, y + 4, self._name(lane), more='font-weight="bold"'),
            f'<path d="M{born:.1f} {y}H{max(first, born):.1f}" stroke="currentColor" '
            f'opacity=".6" stroke-dasharray="1 3"/>',
        ]
        ends = [box.left for box in boxes[1:]] + [self.x1]
        for box, end in zip(boxes, ends, strict=True):
            if not box.steps[-1].outcome:
                parts.append(self._waits(box.steps[-1], box.right, end, y))
            parts.append(self._box(box, y))
        return parts

    def _waits(self, step: Step, left: float, right: float, y: float) -> str:
        """Draw the line of a task that waits, with what it waits for if that fits."""
        title = f"{self.story.names[step.lane]} {step.then()}"
        whole = str(step.wait or "")
        short = step.wait.what if step.wait else ""
        room = right - left - 6
        words = next((w for w in (whole, short) if wide(w, SMALL) <= room), "")
        return (
            f"<g>{_title(title)}"
            f'<path d="M{left:.1f} {y}H{right:.1f}" stroke="currentColor"/>'
            f'<rect x="{left:.1f}" y="{y - 8}" width="{max(right - left, 0):.1f}" '
            f'height="16" opacity="0"/>'  # where a pointer finds the title
            f"{small(left + 4, y - 4, words) if words else ''}</g>"
        )

    def _box(self, box: _Box, y: float) -> str:
        """Draw steps as a box; how the last one ended has a shape and a word."""
        last = box.steps[-1]
        title = self.story.sentence(last)
        if len(box.steps) > 1:
            title = f"{several(len(box.steps), 'turn')}, the last one: {title}"
        fill = "currentColor" if last.outcome in ("", "done") else "none"
        faint = ' fill-opacity=".4"' if box.loose else ""
        return (
            f"<g>{_title(title)}"
            f'<rect x="{box.left:.1f}" y="{y - 7}" width="{box.right - box.left:.1f}" '
            f'height="14" fill="{fill}"{faint} stroke="currentColor"/>'
            f"{_end(last.outcome, box.right, y) if last.outcome else ''}</g>"
        )

    def _arrow(self, cause: Step, step: Step) -> str:
        """Draw an arrow from the box that woke a task to the box that follows."""
        down = 1 if self.row[step.lane] > self.row[cause.lane] else -1
        x, to = self._sides(cause)[1], self._sides(step)[0] + 2
        y, end = self._y(cause.lane) + 7 * down, self._y(step.lane) - 8 * down
        return (
            f'<path d="M{x:.1f} {y}L{to:.1f} {end - 5 * down}" '
            f'stroke="currentColor" opacity=".6"/>'
            f'<path d="M{to:.1f} {end}l-4 {-7 * down}h8z" opacity=".8"/>'
        )

    def _notes(self) -> list[str]:
        """Return what the picture leaves out, a line each."""
        counts = [
            (len(self.story.lanes) - len(self.lanes), "more task"),
            (self.later, "later turn"),
            (len(self.causes) if len(self.causes) > ARROWS else 0, "arrow"),
        ]
        notes = [
            f"{several(number, thing)} not drawn" for number, thing in counts if number
        ]
        if any(box.loose for boxes in self.boxes.values() for box in boxes):
            notes.append("a faint box is several turns, with waits between them")
        return notes + self.story.left_out


def _title(words: str) -> str:
    """Return what is shown where a pointer rests."""
    return f"<title>{escaped(drawing.shortened(words, 3 * LONGEST))}</title>"


def _end(outcome: str, x: float, y: float) -> str:
    """Draw how a task ended: a bar for done, a cross, a triangle for an error."""
    shapes = {
        "done": f"M{x + 3:.1f} {y - 10}v20",
        "cancelled": f"M{x + 4:.1f} {y - 5}l10 10m0 -10l-10 10",
    }
    shape = shapes.get(outcome, f"M{x + 4:.1f} {y - 6}h11l-5.5 11z")
    words = small(
        x + (8 if outcome == "done" else 19), y + 4, drawing.shortened(outcome, 14)
    )
    return (
        f'<path d="{shape}" fill="none" stroke="currentColor" stroke-width="2"/>{words}'
    )
