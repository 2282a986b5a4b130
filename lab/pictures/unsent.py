"""Picture: how many bytes wait for a client, and how fast they leave.

``with Unsent.of(alice, bob) as unsent:`` notes what is written to these clients in
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
from typing import Any, Self

from lab.client import Client, Connection
from lab.pictures import drawing
from lab.pictures.drawing import several, size
from lab.pictures.unsent_drawing import Picture
from lab.pictures.unsent_notes import MAX_WRITERS, Series

LINES = 6  # clients drawn, those for whom most has waited: more cannot be told apart


class Unsent:
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
        unsent = cls({})
        unsent.series = list(series)
        unsent._ended = max(line.samples[-1].time for line in series)
        return unsent

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
        drawn = Picture(self.drawn(), self.times, self.text())
        return drawn.svg(self.left_out())

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
        if len(self.series) >= MAX_WRITERS:
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
        self.backlogs: list[Unsent] = []
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
        for unsent in self.backlogs:
            unsent.note(writer, waiting, number)

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
