"""The picture of which task ran when, and the recording behind it."""

import asyncio
import contextvars
import gc
import io
import re
import sys
import xml.etree.ElementTree as ET

import pytest

from lab import simulation
from lab.host import start
from lab.pictures import recording, timeline
from lab.pictures.timeline import Timeline

SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture):
    """Return the picture, parsed: it must be well-formed XML that can be stored."""
    return ET.fromstring(picture.svg().encode())


def texts(picture):
    return [node.text for node in drawn(picture).iter(f"{SVG}text")]


def names(picture):
    nodes = drawn(picture).iter(f"{SVG}text")
    return [node.text for node in nodes if node.get("font-weight") == "bold"]


def titles(picture):
    return [node.text for node in drawn(picture).iter(f"{SVG}title")]


def boxes(picture):
    """Return the boxes of all tasks, without what only catches the pointer."""
    return [r for r in drawn(picture).iter(f"{SVG}rect") if r.get("opacity") != "0"]


def without_lines(text):
    return re.sub(r" \(test_timeline\.py:\d+\)", "", text)


async def count(turns=3):
    for _ in range(turns):
        await asyncio.sleep(0)


async def is_told(event):
    await event.wait()


async def tells(event):
    event.set()
    await asyncio.sleep(0)


async def fails():
    raise ValueError("no")


async def recorded(coroutine, axis="turns", **more):
    """Return the timeline of a coroutine in a task named main."""
    with Timeline(axis, **more) as picture:
        await asyncio.wait([asyncio.create_task(coroutine, name="main")])
    return picture


# What is recorded.


async def test_it_tells_how_two_coroutines_take_turns():
    async def main():
        first = asyncio.create_task(count(2), name="first")
        second = asyncio.create_task(count(1), name="second")
        await first
        await second

    picture = await recorded(main())
    where = "test_it_tells_how_two_coroutines_take_turns.<locals>.main"
    assert without_lines(picture.text()).replace(where, "main").splitlines() == [
        "turn 1: main begins, and waits for task 'first' in main",
        "turn 2: first begins, started by main, and waits for sleep in count",
        "turn 3: second begins, started by main, and waits for sleep in count",
        "turn 4: first goes on, and waits for sleep in count",
        "turn 5: second goes on, and is done",
        "turn 6: first goes on, and is done",
        "turn 7: main goes on, woken by first, and is done",
    ]


async def test_who_sets_an_event_has_woken_who_waits_for_it():
    async def main():
        event = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(is_told(event), name="b")
            group.create_task(count(5), name="somebody else")
            group.create_task(tells(event), name="a")

    text = (await recorded(main())).text()
    assert "b goes on, woken by a, and is done" in text


@pytest.mark.parametrize(
    "wait_for_all",
    [
        lambda tasks: asyncio.gather(*tasks),
        lambda tasks: asyncio.wait(tasks),
        lambda tasks: asyncio.shield(tasks[0]),
        lambda tasks: tasks[0],
    ],
    ids=["gather", "wait", "shield", "await"],
)
async def test_the_last_of_several_tasks_wakes_who_waits_for_them(wait_for_all):
    async def main():
        tasks = [asyncio.create_task(count(n), name=f"for {n}") for n in (4, 2)]
        # Ends after the one that matters, and in the same turn of the loop.
        other = asyncio.create_task(count(4), name="unconcerned")
        await wait_for_all(tasks)
        assert other.done()

    text = (await recorded(main())).text()
    assert "main goes on, woken by for 4, and is done" in text


async def test_the_last_task_of_a_group_wakes_who_waits_for_it():
    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(count(4), name="for 4")
            group.create_task(count(2), name="for 2")
            other = asyncio.create_task(count(4), name="unconcerned")
        assert other.done()

    text = (await recorded(main())).text()
    assert "main goes on, woken by for 4, and is done" in text


async def test_who_is_woken_in_between_has_not_woken_the_others():
    async def awaits(task):
        await task

    async def main():
        async with asyncio.TaskGroup() as group:
            child = group.create_task(count(1), name="child")
            other = asyncio.create_task(awaits(child), name="other")
        assert other.done()

    text = (await recorded(main())).text()
    assert "other goes on, woken by child, and is done" in text
    assert "main goes on, woken by child, and is done" in text


async def test_who_cancels_a_task_has_woken_it():
    async def main():
        waiting = asyncio.create_task(is_told(asyncio.Event()), name="waiting")
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    text = (await recorded(main())).text()
    assert "waiting goes on, woken by main, and is cancelled" in text
    assert "main goes on, woken by waiting, and is done" in text


async def test_the_clock_wakes_who_sleeps_and_a_deadline_who_is_late():
    async def main():
        await asyncio.sleep(0.001)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            pass

    text = (await recorded(main())).text()
    assert "main goes on, woken by the clock, and waits for Event.wait" in text
    assert "main goes on, woken by a cancellation, and is done" in text


async def test_the_network_wakes_who_reads():
    with Timeline("turns") as picture:
        async with await start("02") as server:
            caller = await server.call()
            await caller.send(b"hello")
            await server.prints("Heard")
    read = r"client_connected goes on, woken by the network, and waits for StreamReader"
    assert re.search(read, picture.text())


async def test_what_is_not_recorded_may_wake_a_task_too():
    event = asyncio.Event()
    with Timeline("turns") as picture:
        waiting = asyncio.create_task(is_told(event))
        await count(2)
        event.set()
        await waiting
    assert "is_told goes on, woken by something not recorded" in picture.text()


async def test_it_tells_how_each_task_has_ended():
    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(is_told(asyncio.Event()))
            group.create_task(count())
            group.create_task(fails())

    picture = await recorded(main())
    text = picture.text()
    assert "is_told goes on, woken by fails, and is cancelled" in text
    assert "count goes on, and is cancelled" in text
    assert "fails begins, started by main, and fails: ValueError" in text
    assert "main goes on, woken by is_told, and fails: ExceptionGroup" in text


async def test_a_task_that_has_not_ended_is_said_to_wait():
    with Timeline("turns") as picture:
        task = asyncio.create_task(is_told(asyncio.Event()), name="patient")
        await asyncio.sleep(0)
    assert picture.text().endswith("at the end: patient has not ended")
    assert "patient: 1 turn, waits for Event.wait" in drawn(picture).get("aria-label")
    task.cancel()
    await asyncio.wait([task])


async def test_recording_stops_at_the_end_of_the_block():
    event = asyncio.Event()
    with Timeline("turns") as picture:
        task = asyncio.create_task(is_told(event), name="inside")
        await asyncio.sleep(0)
    before = picture.text()
    event.set()
    await task
    await asyncio.create_task(count(), name="outside")
    assert picture.text() == before
    assert "outside" not in before


async def test_a_picture_can_be_drawn_before_the_end_of_the_block():
    with Timeline() as picture:
        assert drawn(picture).get("role") == "img"
        await asyncio.create_task(count(), name="early")
        assert "early" in texts(picture)


# Names.


async def test_a_task_has_the_name_that_it_had_last():
    with Timeline("turns") as picture:
        given = asyncio.create_task(count(), name="given")
        renamed = asyncio.create_task(count(), name="early")
        renamed.set_name("late")
        several = [asyncio.create_task(count()) for _ in range(2)]
        await asyncio.wait([given, renamed, *several])
    assert names(picture) == ["given", "late", "count", "count 2"]


async def test_only_some_tasks_are_shown_if_they_are_named():
    async def main():
        await asyncio.create_task(count(), name="wanted")

    picture = await recorded(main(), only=["wanted", "nobody"])
    assert picture.text().splitlines()[0].startswith("turn 1: wanted begins")
    assert names(picture) == ["wanted"]
    assert texts(picture)[-1] == "1 other task not shown"
    assert picture.text().splitlines()[-1] == "1 other task not shown"


async def test_tasks_that_are_nobodys_business_are_not_shown():
    with Timeline() as picture:
        async with await start("02") as server:
            await server.connect("alice")
            await server.prints("New client")
    assert set(names(picture)[:3]) == {"server02", "client_connected", "alice listens"}
    assert not [name for name in names(picture) if name.startswith("_")]


# What goes on as it would without us.


def factories():
    loop = asyncio.get_running_loop()
    return loop.get_task_factory()


@pytest.fixture
async def own_factory():
    """Return a task factory that was there before, and what it was called with."""
    calls = []
    loop = asyncio.get_running_loop()

    def factory(loop, coroutine, **more):
        calls.append(more)
        return asyncio.Task(coroutine, loop=loop, **more)

    loop.set_task_factory(factory)
    yield factory, calls
    loop.set_task_factory(None)


async def test_nothing_is_left_behind():
    assert factories() is None
    with Timeline():
        assert factories() is not None
    assert factories() is None
    with pytest.raises(ZeroDivisionError), Timeline():
        raise ZeroDivisionError
    assert factories() is None


async def test_a_factory_that_was_there_is_called_and_comes_back(own_factory):
    factory, calls = own_factory
    context = contextvars.copy_context()
    with Timeline() as picture:
        await asyncio.create_task(count(), name="named", context=context)
    assert factories() is factory
    assert any(call.get("context") is context for call in calls)
    assert "named" in texts(picture)


async def test_blocks_may_be_nested_and_end_in_any_order():
    outer, inner = Timeline("turns"), Timeline("turns")
    with outer, inner:
        await asyncio.create_task(count(1), name="both")
    assert outer.text() == inner.text()
    assert factories() is None

    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    await asyncio.create_task(count(1), name="inner only")
    inner.__exit__(None, None, None)
    assert factories() is None
    assert "inner only" in inner.text()
    assert "inner only" not in outer.text()


async def test_who_wakes_whom_is_known_in_both_of_two_blocks():
    async def main():
        await asyncio.create_task(count(), name="child")

    with Timeline("turns") as outer, Timeline("turns") as inner:
        await asyncio.create_task(main(), name="main")
    for picture in (outer, inner):
        assert "main goes on, woken by child, and is done" in picture.text()


@pytest.mark.usefixtures("own_factory")
async def test_a_factory_that_was_put_over_ours_stays():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(None)
    with Timeline() as picture:
        ours = loop.get_task_factory()
        loop.set_task_factory(lambda *args, **more: ours(*args, **more))
        theirs = loop.get_task_factory()
    assert factories() is theirs
    await asyncio.create_task(count(), name="later")
    assert "later" not in picture.text()


async def test_results_errors_and_cancellations_pass_through():
    async def answers():
        await asyncio.sleep(0)
        return 42

    async def refuses():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "not yet"

    with Timeline():
        assert await asyncio.create_task(answers()) == 42
        with pytest.raises(ValueError, match="no"):
            await asyncio.create_task(fails())
        stubborn = asyncio.create_task(refuses())
        await asyncio.sleep(0)
        stubborn.cancel("please")
        assert await stubborn == "not yet"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.create_task(asyncio.Event().wait())
        with pytest.raises(TypeError, match="coroutine"):
            asyncio.get_running_loop().create_task(42)


async def test_a_stack_can_be_printed_and_a_task_shown():
    async def main():
        task = asyncio.create_task(is_told(asyncio.Event()), name="waiting")
        await asyncio.sleep(0)
        task.print_stack(file=output)
        shown.append(repr(task))
        assert task in asyncio.all_tasks()
        task.cancel()
        await asyncio.wait([task])

    output, shown = io.StringIO(), []
    with Timeline():
        await asyncio.create_task(main())
    assert "await event.wait()" in output.getvalue()
    assert "is_told() running at" in shown[0]


async def test_a_task_that_nobody_holds_is_lost_as_ever():
    async def lonely():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            lost.append("lonely")

    lost, complaints = [], []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    with Timeline() as picture:
        asyncio.create_task(lonely())  # noqa: RUF006  # to lose it is the point
        await asyncio.sleep(0)
        gc.collect()
        assert lost == ["lonely"]
        await asyncio.create_task(count())
    assert complaints == ["Task was destroyed but it is pending!"]
    assert "lonely: 1 turn, waits for a future" in drawn(picture).get("aria-label")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 starts no task eagerly")
async def test_tasks_that_start_at_once_are_recorded():
    async def main():
        await asyncio.create_task(count(0), name="at once")
        event = asyncio.Event()
        waiting = asyncio.create_task(is_told(event), name="waiting")
        await asyncio.create_task(tells(event), name="tells")
        await waiting

    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    picture = await recorded(main())
    assert factories() is asyncio.eager_task_factory
    text = picture.text()
    # 3.12 names a task when it has been made, and this one has then ended.
    name = "at once" if sys.version_info >= (3, 14) else "count"
    assert f"turn 2: {name} begins, started by main, and is done" in text
    assert "waiting goes on, woken by tells, and is done" in text


# How much of it.


@pytest.mark.parametrize("axis", ["time", "turns"])
async def test_a_long_run_gives_a_bounded_picture(axis):
    with Timeline(axis) as picture:
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(count(499))
    assert sum(len(lane.steps) for lane in picture.lanes) == 10_000
    assert len(boxes(picture)) <= timeline.MARKS
    assert len(picture.svg()) < 120_000
    assert "4 more tasks not drawn" in texts(picture)
    assert len(picture.text().splitlines()) < timeline.LINES + 5
    assert f"and {10_000 - timeline.LINES:,} more turns" in picture.text()
    if axis == "turns":
        later = 16 * 500 - timeline.COLUMNS
        assert f"{later:,} later turns not drawn" in texts(picture)


def test_steps_that_lie_close_together_are_drawn_as_one():
    async def main():
        await count(100)
        await asyncio.sleep(60)

    picture = simulation.run(recorded(main(), "time"))
    assert len(boxes(picture)) == 2
    assert not [box for box in boxes(picture) if box.get("fill-opacity")]
    assert titles(picture)[1].startswith("101 turns, the last one: main goes on")


def test_no_more_boxes_are_drawn_than_can_be_told_apart(monkeypatch):
    async def main():
        for _ in range(20):
            await asyncio.sleep(60)

    picture = simulation.run(recorded(main(), "time"))
    assert len(boxes(picture)) == 21
    assert not [box for box in boxes(picture) if box.get("fill-opacity")]
    monkeypatch.setattr(timeline, "MARKS", 10)
    assert 5 < len(boxes(picture)) <= 10
    assert [box for box in boxes(picture) if box.get("fill-opacity")]
    assert texts(picture)[-1] == "a faint box is several turns, with waits between them"


async def test_no_more_than_so_much_is_recorded(monkeypatch):
    monkeypatch.setattr(recording, "MOST_STEPS", 5)
    monkeypatch.setattr(recording, "MOST_TASKS", 2)
    with Timeline("turns") as picture:
        tasks = [asyncio.create_task(count(4), name=f"no. {n}") for n in range(3)]
        await asyncio.wait(tasks)
    lines = picture.text().splitlines()
    assert len(lines) == 5 + 2 + 2  # the ends are known, or it would seem to wait
    assert lines[5:] == [
        "turn 6: no. 0 goes on, and is done",
        "turn 7: no. 1 goes on, and is done",
        "1 later task not recorded",
        "3 later turns not recorded",
    ]


# How it looks.


async def test_ends_differ_in_shape_and_in_words():
    async def main():
        waiting = asyncio.create_task(is_told(asyncio.Event()))
        failing = asyncio.create_task(fails())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting, failing])

    picture = await recorded(main())
    assert {"done", "cancelled", "ValueError"} <= set(texts(picture))
    shapes = {
        re.sub(r"M[\d. ]+", "", path.get("d"))
        for path in drawn(picture).iter(f"{SVG}path")
        if path.get("stroke-width") == "2"
    }
    assert len(shapes) == 3
    fills = [box.get("fill") for box in boxes(picture)]
    assert fills.count("none") == 2


async def test_what_is_waited_for_is_written_where_there_is_room():
    async def main():
        event = asyncio.Event()
        waiting = asyncio.create_task(is_told(event))
        await count(10)
        event.set()
        await waiting

    picture = await recorded(main())
    assert "Event.wait in is_told" in [without_lines(t) for t in texts(picture)]
    assert "sleep in count" not in [without_lines(t) for t in texts(picture)]
    waits = [without_lines(title) for title in titles(picture)]
    assert "main waits for sleep in count" in waits


async def test_arrows_lead_from_who_wakes_to_who_is_woken(monkeypatch):
    async def main(pairs):
        async with asyncio.TaskGroup() as group:
            for _ in range(pairs):
                event = asyncio.Event()
                group.create_task(is_told(event))
                group.create_task(tells(event))

    def arrows(picture):
        return [
            p for p in drawn(picture).iter(f"{SVG}path") if p.get("opacity") == ".8"
        ]

    few = await recorded(main(1))
    assert len(arrows(few)) == 4  # two are started, one is woken, and main is, too
    many = await recorded(main(10), "time")  # of the tasks, 16 are drawn
    assert len(arrows(many)) == 15 + 7
    monkeypatch.setattr(timeline, "ARROWS", 21)
    assert arrows(many) == []
    assert "22 arrows not drawn" in texts(many)


@pytest.mark.parametrize("axis", ["time", "turns"])
async def test_a_picture_has_a_text_alternative(axis):
    picture = await recorded(count(2), axis)
    svg = drawn(picture)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "main: 3 turns, is done"
    assert picture.svg() in picture._repr_html_()


@pytest.mark.parametrize("axis", ["time", "turns"])
async def test_an_empty_picture_can_be_drawn(axis):
    with Timeline(axis) as picture:
        pass
    assert drawn(picture).get("role") == "img"
    assert picture.text() == ""


@pytest.mark.parametrize(
    "nasty",
    ["</text><script>", '&amp;&"', "'\"<>", "\0\x1b[2J", "\ud800\uffff"],
    ids=ascii,
)
async def test_names_are_escaped(nasty):
    async def main():
        await asyncio.create_task(count(), name=nasty)

    picture = await recorded(main(), "time")
    names = {node.tag.removeprefix(SVG) for node in drawn(picture).iter()}
    assert names == {"svg", "g", "title", "rect", "text", "path"}


async def test_a_name_cannot_add_a_line_to_the_text():
    picture = await recorded(asyncio.sleep(0))
    lines = len(picture.text().splitlines())
    with Timeline("turns") as picture:
        await asyncio.create_task(asyncio.sleep(0), name="a\nturn 9: b begins")
    assert len(picture.text().splitlines()) == lines


async def test_a_picture_takes_the_colour_of_its_page_and_is_legible():
    svg = (await recorded(count(), "time")).svg()
    assert 'fill="currentColor"' in svg
    assert 'stroke="currentColor"' in svg
    for word in ("<script", "http://", "https://", "url(", "#", "black"):
        assert word not in svg.replace("http://www.w3.org/2000/svg", "")
    assert min(map(int, re.findall(r'font-size="(\d+)"', svg))) >= 11
    width = re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1]
    assert f"min-width:{width}px" in svg  # it scrolls; letters do not shrink


def test_a_clock_that_stands_still_gives_a_picture_all_the_same():
    class Still(asyncio.SelectorEventLoop):
        def time(self):
            return 100.0

    with asyncio.Runner(loop_factory=Still) as runner:
        pictures = [runner.run(recorded(count(), axis)) for axis in ("time", "turns")]
    assert [len(boxes(picture)) for picture in pictures] == [1, 4]
    assert "at 0 µs: main begins" in pictures[0].text()


def test_it_wants_an_axis_that_it_has_and_a_loop_that_runs():
    with pytest.raises(ValueError, match="'time' or 'turns', not 'space'"):
        Timeline("space")
    with pytest.raises(RuntimeError), Timeline():
        pass
