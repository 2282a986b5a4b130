"""Picture: how many bytes wait for a client, and how fast they leave.

``with Backlog.of(alice, bob) as backlog:`` notes what is written to these clients in
its block. What a server writes goes into the buffer of a transport, and from there to
the system as fast as the client takes it. So a buffer that grows belongs to a client
who reads too slowly. The system holds some bytes, too: nothing waits before its own
buffer is full, which takes some hundred KiB, or a few MiB.

The buffers are looked at whenever something is written, and when a drain has come back.
In between they may have been emptier than the picture shows, never fuller.

A write that is watched takes some microseconds longer: 7 or 8 instead of 1.5, and where
it goes to somebody who is not named, 2 or 3.
"""

import asyncio
import functools
import weakref
from asyncio import StreamWriter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Self

from lab import drawing
from lab.client import Client, Connection
from lab.drawing import seconds, several, size, small, written

MOST = 1_000  # writers watched in one block
SAMPLES = 4_000  # kept of each: many more than a picture has pixels
LINES = 6  # clients drawn, those for whom most has waited: more cannot be told apart
BINS = 60  # intervals of the lower half

LEFT = 74  # pixels for the numbers
WIDTH = 400  # pixels from the beginning to the end
RIGHT = 220  # pixels for the names
TALL = 120  # pixels: the height of the upper half
TOP = 28  # pixels above each half, for what it shows
STRIP = 34  # pixels from one client to the next in the lower half
GAP = 8  # pixels of that between them
ROW = 14  # pixels from one name to the next, at least
DASHES = ("", "6 3", "2 2", "9 3 2 3", "1 3", "12 4")  # a line style for each client


class Sample(NamedTuple):
    """The state of one client's buffer."""

    time: float  # seconds on the loop's clock
    written: int  # bytes, since the block began
    waiting: int  # bytes in the transport's buffer
    left: int  # bytes that it has handed to the system since then


class Series:
    """What was noted about one client."""

    def __init__(self, name: str, waiting: int) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self.peak = waiting
        self.written = self.left = 0
        self._before = waiting  # bytes from before the block: they will leave, too

    def note(self, time: float, waiting: int, closing: bool) -> None:
        """Add a sample; ``closing`` says that the buffer may just have been dropped."""
        if not closing:
            self.left = self._before + self.written - waiting
        self.peak = max(self.peak, waiting)
        sample = Sample(time, self.written, waiting, self.left)
        # Of a time in which nothing changed the beginning and the end will do.
        if len(self.samples) > 1 and all(
            sample[1:] == other[1:] for other in self.samples[-2:]
        ):
            self.samples.pop()
        self.samples.append(sample)
        if len(self.samples) > SAMPLES:
            self.samples = _thinned(self.samples)

    def at(self, time: float) -> float:
        """Return how many bytes had left at a time, as far as that is known."""
        before = self.samples[0]
        for sample in self.samples:
            if sample.time >= time:
                share = (time - before.time) / ((sample.time - before.time) or 1.0)
                return before.left + max(share, 0.0) * (sample.left - before.left)
            before = sample
        return before.left


class Backlog:
    """The bytes that wait for clients; a notebook draws them over the loop's clock.

    ``names`` maps the port of a client's own end to its name, and only what is written
    to these is noted; without names, everything that is written in this process. The
    block needs a running loop: RuntimeError without one.
    """

    def __init__(self, names: Mapping[int, str] | None = None) -> None:
        self.names = dict(names) if names is not None else None
        self.series: list[Series] = []
        self.missed = 0  # writers beyond those that are watched
        self._began = self._ended = 0.0
        self._open = False
        # Weak: a writer that nobody holds any longer must go on closing itself.
        self._known: weakref.WeakKeyDictionary[StreamWriter, Series | None]
        self._known = weakref.WeakKeyDictionary()
        self._busy: weakref.WeakSet[StreamWriter] = weakref.WeakSet()

    @classmethod
    def of(cls, *clients: Client, **connections: Connection) -> Self:
        """Watch what is written to these clients, and to raw connections by name."""
        names = {client.connection.address[1]: client.name for client in clients}
        names |= {raw.address[1]: name for name, raw in connections.items()}
        return cls(names)

    @classmethod
    def showing(cls, *series: Series) -> Self:
        """Return one that shows what was noted elsewhere, in several runs, say.

        Their clocks have to begin at the same time.
        """
        backlog = cls({})
        backlog.series = list(series)
        backlog._ended = max(line.samples[-1].time for line in series)
        return backlog

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        if not _patches:
            _patches.append(_Patch())
            _patches[0].put_on()
        self._patch = _patches[0]
        self._patch.backlogs.append(self)
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._patch.backlogs.remove(self)
        if not self._patch.backlogs:
            self._patch.take_off()
            _patches.remove(self._patch)
        self._ended = self._loop.time()
        for writer in list(self._known):
            self._look(writer, self._ended)

    def peak(self, name: str) -> int:
        """Return the most bytes that waited for a client; KeyError for one unknown."""
        peaks = [series.peak for series in self.series if series.name == name]
        if not peaks:
            raise KeyError(f"nothing was written to {name!r}")
        return max(peaks)

    def svg(self) -> str:
        """Return the picture as an ``<svg>`` element with a text alternative."""
        return _Picture(self).svg()

    def text(self) -> str:
        """Return the same in words, a line a client."""
        lines = [
            f"{series.name}: {size(series.written)} written, {size(series.left)} gone; "
            f"{size(series.samples[-1].waiting)} wait at the end, "
            f"{size(series.peak)} waited at most"
            for series in self.drawn()
        ]
        return "\n".join(drawing.seen(line) for line in [*lines, *self.left_out()])

    def _repr_html_(self) -> str:
        return drawing.scrolling(self.svg())

    def drawn(self) -> list[Series]:
        """Return those for whom most has waited, in the order in which they came."""
        most = sorted(self.series, key=lambda s: (s.peak, s.written), reverse=True)
        return [series for series in self.series if series in most[:LINES]]

    def left_out(self) -> list[str]:
        """Return in words who is not drawn."""
        more = len(self.series) - len(self.drawn()) + self.missed
        return [f"{several(more, 'more client')} not drawn"] if more else []

    @property
    def times(self) -> tuple[float, float]:
        """The first time of the picture and the last, on the loop's clock."""
        first = min((s.samples[0].time for s in self.series), default=self._began)
        last = self._loop.time() if self._open else self._ended
        return first, max(last, first + 1e-6)  # a simulated clock may have stood still

    # What the patched writers call.

    def note(self, writer: StreamWriter, before: int, number: int) -> None:
        """Note that so many bytes were written where so many waited before."""
        if writer not in self._known:
            self._known[writer] = self._added(writer, before)
        series = self._known[writer]
        if series is None:
            return
        now = self._loop.time()
        if number:  # what leaves at once has not been leaving since the last sample
            series.note(now, before, writer.is_closing())
            series.written += number
        for other in {writer, *self._busy}:
            self._look(other, now)

    def _added(self, writer: StreamWriter, waiting: int) -> Series | None:
        peer = writer.get_extra_info("peername")
        port = peer[1] if isinstance(peer, tuple) else 0
        if self.names is not None and port not in self.names:
            return None
        if len(self.series) >= MOST:
            self.missed += 1
            return None
        name = "{}:{}".format(*peer[:2]) if port else f"writer {len(self.series) + 1}"
        if self.names is not None:
            name = self.names[port]
        series = Series(name, waiting)
        self.series.append(series)
        return series

    def _look(self, writer: StreamWriter, now: float) -> None:
        """Take a sample of one writer."""
        series = self._known[writer]
        if series is None:
            return
        waiting = writer.transport.get_write_buffer_size()
        series.note(now, waiting, writer.is_closing())
        # A buffer that is empty stays so until somebody writes.
        (self._busy.add if waiting else self._busy.discard)(writer)


class _Patch:
    """One layer over the methods of StreamWriter, for all blocks that are open."""

    METHODS = ("write", "writelines", "drain")

    def __init__(self) -> None:
        self.backlogs: list[Backlog] = []
        self.before = {name: getattr(StreamWriter, name) for name in self.METHODS}
        self.ours = {name: getattr(self, f"_{name}")() for name in self.METHODS}

    def put_on(self) -> None:
        for name, method in self.ours.items():
            setattr(StreamWriter, name, method)

    def take_off(self) -> None:
        for name, method in self.ours.items():
            # Who has put something over ours since goes on calling it: no harm, for
            # there is nobody to be told any more.
            if getattr(StreamWriter, name) is method:
                setattr(StreamWriter, name, self.before[name])

    def tell(self, writer: StreamWriter, waiting: int, number: int) -> None:
        for backlog in self.backlogs:
            backlog.note(writer, waiting, number)

    def _write(self) -> Callable[..., None]:
        original = self.before["write"]

        @functools.wraps(original)
        def write(writer: StreamWriter, data: Any) -> None:
            waiting = writer.transport.get_write_buffer_size()
            original(writer, data)
            self.tell(writer, waiting, memoryview(data).nbytes)

        return write

    def _writelines(self) -> Callable[..., None]:
        original = self.before["writelines"]

        @functools.wraps(original)
        def writelines(writer: StreamWriter, data: Iterable[Any]) -> None:
            pieces = list(data)
            waiting = writer.transport.get_write_buffer_size()
            original(writer, pieces)
            self.tell(writer, waiting, sum(memoryview(p).nbytes for p in pieces))

        return writelines

    def _drain(self) -> Callable[..., Coroutine[Any, Any, None]]:
        original = self.before["drain"]

        @functools.wraps(original)
        async def drain(writer: StreamWriter) -> None:
            try:
                await original(writer)
            finally:
                self.tell(writer, writer.transport.get_write_buffer_size(), 0)

        return drain


_patches: list[_Patch] = []  # the one that is on, if any


def _thinned(samples: list[Sample]) -> list[Sample]:
    """Return half as many: of two that follow each other the one with more waiting."""
    pairs = zip(samples[:-1:2], samples[1:-1:2], strict=False)
    return [*(max(pair, key=lambda s: s.waiting) for pair in pairs), samples[-1]]


class _Picture:
    """The drawing: bytes that wait above, bytes that leave below, one time for both.

    Above, one scale and one field for all clients, who can be compared. Below, a strip
    for each: what leaves is much the same for all of them as long as all goes well, and
    lines would hide each other.
    """

    def __init__(self, backlog: Backlog) -> None:
        self.backlog = backlog
        self.series = backlog.drawn()
        self.first, self.last = backlog.times

    def svg(self) -> str:
        """Draw all of it."""
        notes = self.backlog.left_out()
        middle = TOP + TALL + TOP + 4
        bottom = middle + STRIP * len(self.series)
        return drawing.picture(
            "backlog",
            LEFT + WIDTH + RIGHT,
            bottom + 26 + 16 * len(notes),
            self.backlog.text(),
            [
                *self._times(bottom),
                *self._waiting(),
                *self._leaving(middle),
                *(small(4, bottom + 18 + 16 * n, t) for n, t in enumerate(notes, 1)),
            ],
        )

    def _x(self, time: float) -> float:
        return LEFT + (time - self.first) / (self.last - self.first) * WIDTH

    def _times(self, bottom: float) -> list[str]:
        """Draw the scale of time below, and a faint line through all."""
        values = drawing.ticks(self.last - self.first)
        marks = [(self._x(self.first + v), seconds(v, values[-1])) for v in values]
        return [
            small(x, bottom + 16, words, "middle")
            + f'<path d="M{x:.1f} {TOP}V{bottom + 4}" stroke="currentColor" '
            f'opacity=".15"/>'
            for x, words in marks
        ]

    def _waiting(self) -> list[str]:
        """Draw the upper field: its scale, and a line of steps for each client."""
        most = max([1024, *(series.peak for series in self.series)])
        parts = [small(LEFT, TOP - 8, "bytes that wait")]
        for value in drawing.ticks(most, 3, base=1024):
            parts += self._mark(TOP + TALL - value / most * TALL, size(value))
        ends = {}
        for series, dash in zip(self.series, DASHES, strict=False):
            line = ((sample.time, sample.waiting) for sample in series.samples)
            points = self._pixels(line, TOP + TALL, TALL / most)
            ends[series] = points[-1][1]
            parts.append(_path(f"M{_steps(points)}H{LEFT + WIDTH}", series.name, dash))
        return parts + self._names(ends)

    def _leaving(self, top: float) -> list[str]:
        """Draw the lower field: a strip for each client, all to one scale."""
        rates = {series: self._rates(series) for series in self.series}
        most = max([1024.0, *(rate for line in rates.values() for _, rate in line)])
        parts = [small(LEFT, top - 8, "bytes a second that leave")]
        if rates:
            parts += self._mark(top + GAP, f"{size(most)}/s")
        for number, (series, line) in enumerate(rates.items(), 1):
            y = top + STRIP * number
            steps = _steps(self._pixels(line, y, (STRIP - GAP) / most))
            area = f"M{LEFT} {y}L{steps}V{y}z"
            parts += [
                *self._mark(y, "0"),
                _path(area, series.name, fill="currentColor"),
                written(LEFT + WIDTH + 18, y - 4, drawing.shortened(series.name, 14)),
            ]
        return parts

    def _mark(self, y: float, words: str) -> list[str]:
        """Draw a number of a scale, and a faint line."""
        line = (
            f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="currentColor" opacity=".15"/>'
        )
        return [small(LEFT - 6, y + 4, words, "end"), line]

    def _rates(self, series: Series) -> list[tuple[float, float]]:
        """Return from when on how many bytes left in a second."""
        width = (self.last - self.first) / BINS
        edges = [self.first + n * width for n in range(BINS + 1)]
        left = [series.at(edge) for edge in edges]
        rates = [max(b - a, 0.0) / width for a, b in pairwise(left)]
        return list(zip(edges, [*rates, rates[-1]], strict=True))

    def _pixels(
        self, line: Iterable[tuple[float, float]], bottom: float, scale: float
    ) -> list[tuple[float, float]]:
        """Return the corners of a line: at a pixel the highest, and then the last."""
        corners: dict[int, tuple[float, float]] = {}
        for time, value in line:
            x = round(self._x(time))
            highest = max(value, *corners.get(x, (value,)))
            corners[x] = highest, value
        return [
            (x, bottom - value * scale) for x, pair in corners.items() for value in pair
        ]

    def _names(self, ends: dict[Series, float]) -> list[str]:
        """Write the names where the lines end, and not upon each other."""
        parts, x = [], LEFT + WIDTH
        free = max(ends.values(), default=0.0)
        for series, y in sorted(ends.items(), key=lambda pair: pair[1], reverse=True):
            place = min(y, free)
            free = place - ROW
            most = f": {size(series.peak)} at most" if series.peak else ""
            parts += [
                f'<path d="M{x + 2} {y:.1f}L{x + 14} {place:.1f}" '
                f'stroke="currentColor" opacity=".5"/>',
                written(x + 18, place + 4, drawing.shortened(series.name, 14) + most),
            ]
        return parts


def _steps(points: list[tuple[float, float]]) -> str:
    """Return a line of steps through points, for a path to begin or go on with."""
    (x, y), *others = points
    return f"{x} {y:.1f}" + "".join(f"H{x}V{y:.1f}" for x, y in others)


def _path(line: str, name: str, dash: str = "", fill: str = "none") -> str:
    style = f' stroke-dasharray="{dash}"' if dash else ""
    faint = ' fill-opacity=".3"' if fill != "none" else ""
    return (
        f'<path d="{line}" fill="{fill}"{faint} stroke="currentColor" '
        f'stroke-width="1.5"{style}><title>{drawing.escaped(name)}</title></path>'
    )
