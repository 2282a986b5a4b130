"""The picture of the bytes that wait for each client."""

import asyncio
import gc
import re
import weakref
import xml.etree.ElementTree as ET
from asyncio import StreamWriter
from contextlib import asynccontextmanager
from itertools import groupby

import pytest

from lab.host import start
from lab.pictures import drawing, unsent, unsent_drawing, unsent_notes
from lab.pictures.unsent import Unsent
from lab.pictures.unsent_notes import Series
from lab.wire import encode

SVG = "{http://www.w3.org/2000/svg}"
METHODS = ("write", "writelines", "drain")
BLOCK = 2**20  # bytes written at a time, where a buffer is to be filled


@asynccontextmanager
async def pair():
    """Give both ends of a connection, each as a reader and a writer."""
    connected = asyncio.Queue()
    server = await asyncio.start_server(
        lambda *streams: connected.put_nowait(streams), "127.0.0.1", 0
    )
    async with server:
        near = await asyncio.open_connection(*server.sockets[0].getsockname())
        far = await connected.get()
        try:
            yield near, far
        finally:
            for _, writer in (near, far):
                writer.transport.abort()
            for _, writer in (near, far):
                await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])


def port(writer):
    """Return the port by which the other side knows this one."""
    return writer.get_extra_info("sockname")[1]


def fill(writer, far, least=BLOCK):
    """Write until so many bytes wait because the other side does not read."""
    far.transport.pause_reading()
    sizes = []
    while not sizes or sizes[-1] < least:
        writer.write(bytes(BLOCK))
        sizes.append(writer.transport.get_write_buffer_size())
    return sizes


def drawn(picture):
    """Return the picture, parsed: it must be well-formed XML that can be stored."""
    return ET.fromstring(picture.svg().encode())


def texts(picture):
    return [node.text for node in drawn(picture).iter(f"{SVG}text")]


def methods():
    return [getattr(StreamWriter, name) for name in METHODS]


# What is noted.


async def test_what_waits_for_a_client_who_does_not_read_is_seen():
    async with pair() as ((_, server), (_, bob)), pair() as ((_, other), (eve, far)):
        names = {port(bob): "bob", port(far): "eve"}
        with Unsent(names) as picture:
            other.write(b"hello")
            sizes = fill(server, bob)
            assert await eve.read(5) == b"hello"
    assert picture.peak("bob") == max(sizes)
    assert picture.peak("eve") == 0
    eve, bob = picture.series
    assert [series.name for series in picture.series] == ["eve", "bob"]
    waiting = [sample.waiting for sample in bob.samples]
    assert [size for size, _ in groupby(waiting)] == [
        size for size, _ in groupby([0, *sizes])
    ]
    assert (bob.written, bob.left) == (len(sizes) * BLOCK, bob.written - sizes[-1])
    assert (eve.written, eve.left) == (5, 5)


async def test_a_drain_that_has_come_back_is_seen():
    async with pair() as ((_, server), (reader, bob)):
        with Unsent({port(bob): "bob"}) as picture:
            fill(server, bob)
            bob.transport.resume_reading()
            reading = asyncio.create_task(reader.readexactly(BLOCK))
            await server.drain()
            low, _ = server.transport.get_write_buffer_limits()
            assert picture.series[0].samples[-1].waiting <= low
            await reading


async def test_a_writer_that_waits_is_looked_at_when_another_one_writes():
    async with pair() as ((_, server), (_, bob)), pair() as ((_, other), (_, eve)):
        with Unsent({port(bob): "bob", port(eve): "eve"}) as picture:
            fill(server, bob)
            server.transport.abort()  # its buffer is dropped, and nothing tells us
            other.write(b"hello")
            bob_series = picture.series[0]
            assert bob_series.samples[-1].waiting == 0


async def test_the_clients_of_a_step_are_watched_and_not_what_they_write():
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        raw = await server.call()
        with Unsent.of(alice, bob, cleo=raw) as picture:
            await alice.join("tea")
            await bob.join("tea")
            await raw.send(encode({"action": "connect", "username": "cleo"}))
            await raw.send(encode({"action": "joinroom", "room": "tea"}))
            await bob.hear("joinroom")
            await alice.say("tea", "hello")
            await bob.hear("chat")
    assert [series.name for series in picture.series] == ["alice", "bob", "cleo"]
    heard = [sum(len(encode(m)) for m in client.heard) for client in (alice, bob)]
    assert [series.written for series in picture.series[:2]] == heard


async def test_without_names_every_writer_is_watched():
    async with pair() as ((_, near), (_, far)):
        with Unsent() as picture:
            near.write(b"12")
            far.write(b"345")
    addresses = [f"127.0.0.1:{port(writer)}" for writer in (far, near)]
    assert [series.name for series in picture.series] == addresses
    assert [series.written for series in picture.series] == [2, 3]


async def test_bytes_are_counted_whatever_they_are_written_as():
    async with pair() as ((_, near), (reader, far)):
        with Unsent({port(far): "far"}) as picture:
            near.write(memoryview(bytes(8)).cast("I"))
            near.writelines(piece for piece in (b"ab", bytearray(b"c")))
            with pytest.raises(TypeError):
                near.write("text")
            assert await reader.readexactly(11) == bytes(8) + b"abc"
    assert picture.series[0].written == 11


async def test_bytes_from_before_the_block_are_not_taken_for_its_own():
    async with pair() as ((_, server), (_, bob)):
        sizes = fill(server, bob)
        with Unsent({port(bob): "bob"}) as picture:
            server.write(b"x")
    (series,) = picture.series
    assert (series.written, series.left) == (1, 0)
    assert series.peak == sizes[-1] + 1


async def test_bytes_that_are_dropped_are_not_taken_for_gone():
    async with pair() as ((_, server), (_, bob)):
        with Unsent({port(bob): "bob"}) as picture:
            fill(server, bob)
            gone = picture.series[0].left
            server.transport.abort()
            server.write(b"never sent")
    assert picture.series[0].samples[-1].waiting == 0
    assert picture.series[0].left == gone


# What goes on as it would without us.


async def test_nothing_is_left_behind():
    before = methods()
    with Unsent():
        assert all(new is not old for new, old in zip(methods(), before, strict=True))
    assert methods() == before
    with pytest.raises(ZeroDivisionError), Unsent():
        raise ZeroDivisionError
    assert methods() == before


async def test_blocks_may_be_nested_and_end_in_any_order():
    before = methods()
    async with pair() as ((_, near), (_, far)):
        names = {port(far): "far"}
        outer, inner = Unsent(names), Unsent(names)
        outer.__enter__()
        near.write(b"1")
        inner.__enter__()
        near.write(b"23")
        outer.__exit__(None, None, None)
        near.write(b"456")
        inner.__exit__(None, None, None)
        near.write(b"7890")
    assert methods() == before
    assert [block.series[0].written for block in (outer, inner)] == [3, 5]


async def test_a_patch_that_was_put_over_ours_stays(monkeypatch):
    def counts(writer, data):
        written.append(data)
        ours(writer, data)

    written = []
    async with pair() as ((_, near), (_, far)):
        names = {port(far): "far"}
        monkeypatch.setattr(StreamWriter, "write", StreamWriter.write)  # to be undone
        with Unsent(names):
            ours = StreamWriter.write
            StreamWriter.write = counts
        assert StreamWriter.write is counts
        with Unsent(names) as second:
            near.write(b"12")
    assert written == [b"12"]
    assert second.series[0].written == 2


async def test_a_writer_that_nobody_holds_is_lost_as_ever():
    async with pair() as ((_, near), (_, far)):
        with Unsent() as picture:
            # A second writer for the same transport, so that losing it closes nothing.
            loop = asyncio.get_running_loop()
            protocol = near.transport.get_protocol()
            writer = StreamWriter(near.transport, protocol, None, loop)
            writer.__class__ = Silent
            writer.write(b"x")
            gone = weakref.ref(writer)
            del writer
            gc.collect()
            assert gone() is None
            far.write(b"y")
    assert [series.written for series in picture.series] == [1, 1]


class Silent(StreamWriter):
    """A writer that leaves its transport open when it is lost."""

    def __del__(self):
        pass


async def test_errors_of_a_drain_pass_through():
    async with pair() as ((reader, near), (_, far)):
        with Unsent({port(far): "far"}):
            far.transport.abort()
            assert await reader.read() == b""
            reader.set_exception(ConnectionResetError("gone"))
            with pytest.raises(ConnectionResetError, match="gone"):
                await near.drain()


# How much of it.


async def test_a_long_run_gives_a_bounded_picture():
    async with pair() as ((_, near), (_, far)):
        far.transport.pause_reading()
        with Unsent({port(far): "far"}) as picture:
            for _ in range(10_000):
                near.write(bytes(1000))
            most = near.transport.get_write_buffer_size()
    (series,) = picture.series
    assert len(series.samples) <= unsent_notes.SAMPLES
    assert series.written == 10_000_000
    assert picture.peak("far") == most > 0
    assert max(sample.waiting for sample in series.samples) == most
    assert len(picture.svg()) < 20_000


async def test_a_time_in_which_nothing_changes_is_noted_in_two_samples():
    series = Series("bob", 0)
    for time in range(100):
        series.note(time, 5, closing=False)
    assert [sample.time for sample in series.samples] == [0, 99]


def test_of_many_samples_those_with_most_waiting_are_kept():
    series = Series("bob", 0)
    for time in range(2 * unsent_notes.SAMPLES):
        series.note(time, 1000 if time == 7 else time % 2, closing=False)
    assert len(series.samples) <= unsent_notes.SAMPLES
    assert max(sample.waiting for sample in series.samples) == 1000
    assert series.samples[-1].time == 2 * unsent_notes.SAMPLES - 1


async def test_only_those_for_whom_most_has_waited_are_drawn():
    series = [Series(f"client {n}", n) for n in range(10)]
    picture = Unsent()
    with picture:
        for one in series:
            one.note(asyncio.get_running_loop().time(), one.peak, closing=False)
        picture.series = series
    assert [one.name for one in picture.drawn()] == [
        f"client {n}" for n in range(4, 10)
    ]
    assert picture.text().splitlines()[-1] == "4 more clients not drawn"
    assert texts(picture)[-1] == "4 more clients not drawn"


async def test_no_more_than_so_many_writers_are_watched(monkeypatch):
    monkeypatch.setattr(unsent, "MAX_WRITERS", 1)
    async with pair() as ((_, near), (_, far)):
        with Unsent() as picture:
            near.write(b"1")
            far.write(b"2")
            far.write(b"3")
    assert len(picture.series) == 1
    assert picture.text().endswith("1 more client not drawn")


# How it looks.


def upper_line(picture, name):
    """Return the path of a client's line in the upper half."""
    paths = drawn(picture).iter(f"{SVG}path")
    return next(p.get("d") for p in paths if p.findtext(f"{SVG}title") == name)


def test_a_line_that_falls_within_a_pixel_is_drawn_down():
    series = Series("bob", 0)
    for time, waiting in ((0, 0), (50, 2**20), (50, 0), (100, 0)):
        series.note(time, waiting, closing=False)
    corners = re.findall(r"H(\d+)V([\d.]+)", upper_line(Unsent.showing(series), "bob"))
    ((x, top),) = [
        corner for corner in corners if float(corner[1]) == unsent_drawing.TOP
    ]
    assert corners[corners.index((x, top)) + 1] == (
        x,
        f"{unsent_drawing.TOP + unsent_drawing.TALL:.1f}",
    )


def test_what_was_noted_elsewhere_is_shown():
    first, second = Series("one run", 0), Series("another", 0)
    first.note(0, 5000, closing=False)
    first.note(20, 70_000, closing=False)
    second.note(10, 1000, closing=False)
    picture = Unsent.showing(first, second)
    assert picture.times == (0, 20)
    assert [one.name for one in picture.drawn()] == ["one run", "another"]
    assert picture.peak("one run") == 70_000
    assert "68.4 KiB waited at most" in picture.text()


def test_what_leaves_is_spread_over_the_time_in_between():
    series = Series("bob", 0)
    series.written = 100
    series.note(10.0, 100, closing=False)
    series.note(20.0, 0, closing=False)
    assert [series.at(time) for time in (5, 10, 15, 20, 25)] == [0, 0, 50, 100, 100]


async def test_what_leaves_at_once_is_not_spread():
    async with pair() as ((_, near), (_, far)):
        with Unsent({port(far): "far"}) as picture:
            near.write(b"12")
            await asyncio.sleep(0)
            near.write(b"345")
    (series,) = picture.series
    first, last = series.samples[0].time, series.samples[-1].time
    (second,) = {s.time for s in series.samples if s.left == 5} - {last}
    assert first < second < last
    assert series.at((first + second) / 2) == 2


async def test_a_picture_says_who_waits_and_what_leaves():
    async with pair() as ((_, server), (_, bob)), pair() as ((_, other), (_, eve)):
        with Unsent({port(bob): "bob", port(eve): "eve"}) as picture:
            fill(server, bob)
            other.write(b"hello")
    words = texts(picture)
    assert "bytes that wait" in words
    assert "bytes per second that get through" in words
    assert words.count("eve") == 2  # at the end of each line
    waited = drawing.size(picture.peak("bob"))
    assert f"bob: {waited} at most" in words
    dashes = {
        path.get("stroke-dasharray") for path in drawn(picture).iter(f"{SVG}path")
    }
    assert len(dashes) == 2  # two lines can be told apart without colours


async def test_a_picture_has_a_text_alternative():
    async with pair() as ((_, near), (reader, far)):
        with Unsent({port(far): "far"}) as picture:
            near.write(b"hello")
            assert await reader.read(5) == b"hello"
    svg = drawn(picture)
    assert svg.get("role") == "img"
    words = "far: 5 bytes written, 5 bytes gone; "
    words += "0 bytes wait at the end, 0 bytes waited at most"
    assert svg.get("aria-label") == picture.text() == words
    assert picture.svg() in picture._repr_html_()


async def test_a_picture_can_be_drawn_before_the_end_and_of_nothing():
    async with pair() as ((_, near), _):
        with Unsent() as picture:
            assert drawn(picture).get("role") == "img"
            near.write(b"hello")
            assert "written, 5 bytes gone" in picture.text()
            assert drawn(picture).get("role") == "img"
    with Unsent.of() as nothing:
        pass
    assert drawn(nothing).get("role") == "img"
    with pytest.raises(KeyError, match="bob"):
        nothing.peak("bob")


@pytest.mark.parametrize(
    "nasty",
    ["</text><script>", '&amp;&"', "'\"<>", "\0\x1b[2J", "\ud800\uffff"],
    ids=ascii,
)
async def test_names_are_escaped(nasty):
    async with pair() as ((_, near), (_, far)):
        with Unsent({port(far): f"{nasty}\nbob: 1 byte"}) as picture:
            near.write(b"hello")
    names = {node.tag.removeprefix(SVG) for node in drawn(picture).iter()}
    assert names == {"svg", "title", "text", "path"}
    assert len(picture.text().splitlines()) == 1


async def test_a_picture_takes_the_colour_of_its_page_and_is_legible():
    async with pair() as ((_, near), (_, far)):
        with Unsent({port(far): "far"}) as picture:
            fill(near, far)
    svg = picture.svg()
    assert 'fill="currentColor"' in svg
    assert 'stroke="currentColor"' in svg
    for word in ("<script", "http://", "https://", "url(", "#", "black"):
        assert word not in svg.replace("http://www.w3.org/2000/svg", "")
    assert min(map(int, re.findall(r'font-size="(\d+)"', svg))) >= 11
    width = re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1]
    assert f"min-width:{width}px" in svg  # it scrolls; letters do not shrink


def test_it_wants_a_loop_that_runs():
    before = methods()
    with pytest.raises(RuntimeError), Unsent():
        pass
    assert methods() == before
