"""The recorder: what it says of each kind of wait, of bytes, values and timers."""

import asyncio
import contextlib
import gc
import json
import re
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from lab import search, simulation, start
from lab.simulation import Loop, Watcher
from lab.stepper import FROM_CLIENT, MOST, Recorder, Scene
from lab.stepper import lines as stepper_lines
from lab.stepper.files import Files
from lab.stepper.values import Values
from lab.story import ROOT

SCENES = sorted((ROOT / "docs" / "examples").rglob("*_scene.py"))
BUDGET = 0.2e-3  # seconds a moment, on a quiet machine
BUSY = 10  # times as long as on a quiet machine: what a test may take


def told(main, **options):
    """Return what a scene says, as the stepper reads it."""
    return json.loads(Scene("a test", main, **options).as_json())


def moments_of(scene, task):
    return [moment for moment in scene.moments if moment.task == task]


def last_of(scene, task):
    return moments_of(scene, task)[-1]


def line_of(fragment):
    """Return the number of the line of this file that contains the fragment."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (number,) = (n for n, line in enumerate(lines, 1) if line.endswith(f"# {fragment}"))
    return number


# What a task waits for.


async def sleeps():
    await asyncio.sleep(60)  # sleeps


async def takes_turns():
    for _ in range(9):
        await asyncio.sleep(0)  # takes turns


async def is_told():
    await asyncio.Event().wait()  # is told


async def gets():
    await asyncio.Queue().get()  # gets


async def locks():
    lock = asyncio.Lock()
    async with lock, lock:  # locks
        pass


async def groups():
    async with asyncio.TaskGroup() as tasks:  # groups
        tasks.create_task(sleeps())


async def gathers():
    await asyncio.gather(sleeps(), sleeps())  # gathers


async def waits():
    await asyncio.wait({asyncio.create_task(sleeps())})  # waits


async def awaits_a_task():
    await asyncio.create_task(sleeps(), name="another")  # awaits a task


async def awaits_a_future():
    await asyncio.get_running_loop().create_future()  # awaits a future


async def has_a_deadline():
    async with asyncio.timeout(60):
        await asyncio.Event().wait()  # has a deadline


async def numbers():
    for number in range(3):
        await asyncio.sleep(60)  # in a generator
        yield number


async def iterates():
    async with aclosing(numbers()) as found:
        async for _ in found:  # iterates
            pass


async def iterates_by_hand():
    await anext(numbers(), None)  # iterates by hand


@contextlib.asynccontextmanager
async def entered():
    await asyncio.sleep(60)  # entered
    yield


async def enters():
    async with entered():  # enters
        pass


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(60).__await__()  # awaitable


async def awaits_an_object():
    await Awaitable()  # awaits an object


KINDS = [
    (sleeps, "sleep", ["sleeps"]),
    (takes_turns, "sleep", ["takes turns"]),
    (is_told, "Event.wait", ["is told"]),
    (gets, "Queue.get", ["gets"]),
    (locks, "Lock.acquire", ["locks"]),
    (groups, "TaskGroup", ["groups"]),
    (gathers, "gather", ["gathers"]),
    (waits, "wait", ["waits"]),
    (awaits_a_task, "task 'another'", ["awaits a task"]),
    (awaits_a_future, "a future", ["awaits a future"]),
    (has_a_deadline, "Event.wait", ["has a deadline"]),
    (iterates, "sleep", ["iterates", "in a generator"]),
    (iterates_by_hand, "sleep", ["iterates by hand", "in a generator"]),
    (enters, "sleep", ["enters", "entered"]),
    (awaits_an_object, "sleep", ["awaits an object", "awaitable"]),
]


@pytest.mark.parametrize(
    ("kind", "what", "lines"), KINDS, ids=[kind.__name__ for kind, _, _ in KINDS]
)
def test_a_wait_is_named_with_all_lines_that_lead_to_it(kind, what, lines):
    async def main():
        task = asyncio.create_task(kind(), name="one")
        await asyncio.sleep(1)
        task.cancel()

    scene = told(main)
    number = [task["n"] for task in scene["tasks"]].index("one")
    moment = next(m for m in scene["moments"] if m["a"] == number and "w" in m)
    assert scene["labels"][moment["f"]] == what
    assert [line for _, line in moment["w"]] == [line_of(line) for line in lines]
    assert {scene["files"][file]["n"] for file, _ in moment["w"]} == {"test_stepper.py"}


def test_waits_on_streams_are_named():
    async def main(scene):
        async with await start("05") as server:
            caller = await server.call("dora")
            reading = asyncio.create_task(caller.receive(), name="dora reads")
            with scene.shown():
                await caller.send(b"\x05")
                await asyncio.sleep(1)
            reading.cancel()

    scene = Scene("waits", main)
    last = scene.moments[-1]
    assert last.waiting("dora reads") == "StreamReader.read"
    assert last.waiting("handler of dora") == "StreamReader.readexactly"
    assert last.waiting("server05") == "Server.serve_forever"


def test_a_task_goes_on_where_it_has_waited():
    async def main():
        await asyncio.sleep(1)
        await asyncio.sleep(2)

    scene = told(main)
    own = [moment for moment in scene["moments"] if moment["a"] == 0]
    assert own[1]["s"] == own[0]["w"]
    assert own[2]["s"] == own[1]["w"]
    assert own[0]["c"] == 0
    assert own[2]["e"] == "done"


@pytest.mark.parametrize("end", ["done", "cancelled", "ZeroDivisionError"])
def test_it_says_how_a_task_ends_and_asyncio_may_still_complain(end):
    complaints = []

    async def ends():
        if end == "cancelled":
            asyncio.current_task().cancel()
        elif end != "done":
            1 / 0  # noqa: B018
        await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        task = asyncio.create_task(ends(), name="one")
        await asyncio.wait({task})
        del task
        gc.collect()

    scene = Scene("ends", main)
    assert last_of(scene, "one").ended == end
    assert last_of(scene, "one").waits == ""
    assert last_of(scene, "main").end_of("one") == end
    assert len(complaints) == (end == "ZeroDivisionError")


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="settrace keeps what a frame has kept"
)
def test_a_task_that_nothing_keeps_is_still_lost():
    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        event = asyncio.Event()
        lost = asyncio.create_task(event.wait(), name="lost")
        await asyncio.sleep(0)
        del lost, event
        gc.collect()
        print(len(asyncio.all_tasks()))

    assert last_of(Scene("lost", main), "main").printed == "1\n"


# Lines.


def test_the_lines_that_ran_are_in_the_moment():
    async def main():
        total = 0  # first
        for number in range(2):
            total += number  # loop
        await asyncio.sleep(0)  # last
        total = 0  # after

    scene = Scene("lines", main)
    first, second = moments_of(scene, "main")
    for code in ("# first", "# loop", "# last"):
        assert first.ran(code)
        assert not second.ran(code)
    assert second.ran("# after")
    assert not first.ran("# after")


@pytest.mark.parametrize("kind", [stepper_lines.Traced, "monitored"])
def test_both_ways_to_note_lines_say_the_same(kind, monkeypatch):
    if kind == "monitored":
        if sys.version_info < (3, 12):
            pytest.skip("there is no sys.monitoring")
    else:
        monkeypatch.setattr("lab.stepper.recorder.lines_of", kind)

    async def adds(number):
        result = number + 1
        return result

    async def main():
        result = await adds(1)
        await asyncio.sleep(0)
        await adds(result)

    first, second = [m["l"] for m in told(main)["moments"] if m["a"] == 0]
    begin = main.__code__.co_firstlineno - 5
    assert first == [[0, begin + 6, begin + 2, begin + 3, begin + 7]] or first == [
        [0, begin + 6, begin + 1, begin + 2, begin + 7]
    ]
    assert len(second[0]) >= 3


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
def test_two_recorders_use_two_tools_and_give_them_back():
    files = Files()
    one = stepper_lines.lines_of(files)
    one.start()
    other = stepper_lines.lines_of(files)
    other.start()
    taken = [sys.monitoring.get_tool(number) for number in stepper_lines.TOOLS]
    assert taken.count("lab.stepper") == 2
    other.stop()
    one.stop()
    assert "lab.stepper" not in map(sys.monitoring.get_tool, stepper_lines.TOOLS)


def test_a_tracer_gets_its_place_back():
    def tracer(*_):
        return None

    async def main():
        await asyncio.sleep(0)

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        Scene("traced", main)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


# What becomes ready, and timers.


def test_it_says_who_wakes_whom():
    async def waits(event):
        await event.wait()

    async def main():
        event = asyncio.Event()
        task = asyncio.create_task(waits(event), name="waits")
        await asyncio.sleep(0)
        event.set()
        await task

    first, second, third = moments_of(Scene("wakes", main), "main")
    assert first.woken == ["waits", "main"]
    assert second.woken == ["waits"]
    assert third.ended == "done"


def test_a_timer_is_set_and_gone_when_it_is_due_or_cancelled():
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(9, print).cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.sleep(5)

    scene = told(main)
    (first, due, *_) = scene["moments"]
    assert [[n, when] for n, when, _ in first["tn"]] == [[1, 9], [2, 1], [3, 5]]
    assert first["tg"] == [1]
    assert [who for _, _, who in first["tn"][1:]] == [0, 0]  # main, by both
    assert scene["labels"][-1 - due["a"]] == "Timeout._on_timeout"
    assert due["tg"] == [2]
    assert due["c"] == 1
    assert scene["moments"][2]["tg"] == [3]


def test_a_callback_that_was_cancelled_in_the_queue_is_noted():
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(print).cancel()  # which is not even put into the queue
        loop.call_soon(lambda: handle.cancel())
        handle = loop.call_soon(abs, 1)
        await asyncio.sleep(0)

    scene = told(main)
    labels, first = scene["labels"], scene["moments"][0]
    names = [labels[-1 - actor] for actor in first["p"] if actor < 0]
    assert [name.rpartition(".")[2] for name in names] == ["<lambda>", "abs"]
    (cancelled,) = [moment for moment in scene["moments"] if "x" in moment]
    assert cancelled["a"] in first["p"]
    assert labels[-1 - cancelled["a"]] == "abs"


def test_after_the_last_moment_nothing_is_kept():
    async def main():
        async with await start("02") as server:
            caller = await server.call()
            for _ in range(50):
                await caller.send(b"hello")
                await asyncio.sleep(1)

    recorder = Recorder(most=30)
    with recorder.recording():
        simulation.run(main(), loop_factory=recorder.loop)
    assert recorder.missed > 50
    assert [*recorder._timers, *recorder._set, *recorder._ready] == []
    written = recorder.traffic.connections[0].directions[0].written
    assert written < 100


# Values.


class Client:
    def __init__(self, name):
        self.name = name


class Slotted:
    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


class Property:
    @property
    def name(self):
        raise AssertionError("it was asked")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ("tea", "'tea'"),
        ("x" * 100, "'xxxxxxxxxxx...xxxxxxxxxxxx'"),
        (b"tea", "b'tea'"),
        (bytes(100), "100 bytes"),
        ([1, 2], "[1, 2]"),
        ((), "()"),
        (set(), "set()"),
        ({"tea", "coffee", "milk"}, "{'coffee', 'milk', 'tea'}"),
        (set(range(9)), "9 in a set"),
        ([object()], "1 in a list"),
        ({}, "{}"),
        ({"tea": {Client("bob"), Client("alice")}}, "{'tea': {alice, bob}}"),
        ({1: object()}, None),
        (dict.fromkeys(range(9)), "9 entries"),
        (Client("alice"), "alice"),
        (Client(None), "(no name yet)"),
        (Slotted("alice"), "alice"),
        (Property(), None),
        (asyncio, None),
        (object(), None),
    ],
)
def test_a_value_is_shown_in_few_characters(value, words):
    assert Values(Files([__file__])).shown(value) == words


def test_a_long_dictionary_is_cut():
    shown = Values(Files()).shown({"a": "x" * 20, "b": "y" * 20, "c": "z" * 20})
    assert shown.endswith(" …}")
    assert len(shown) <= 70


visitors = 0
CONSTANT = 5
TABLE = {"never": "changes"}


async def count():
    global visitors
    seen = visitors
    await asyncio.sleep(0)
    visitors = seen + 1


def test_the_variables_of_tasks_and_modules_are_told_when_they_change():
    global visitors
    visitors = 0
    scene = Scene("values", count)
    first, last = moments_of(scene, "count")
    assert first.value("seen", "count") == first.value("visitors") == "0"
    assert last.value("visitors") == "1"
    known = {name for m in told(count)["moments"] for name in m.get("g", ())}
    assert known == {"visitors"}  # what never changes only fills the page


# Bytes.


def talk(*pieces, pause=False, **options):
    """Return a scene in which Dora sends these pieces to step 05."""

    async def main(scene):
        async with await start("05") as server:
            dora = await server.call("dora")
            await asyncio.sleep(1)
            with scene.shown():
                for piece in pieces:
                    await dora.send(piece)
                    await asyncio.sleep(1)

    return Scene("talk", main, **options)


def test_bytes_are_followed_from_the_sender_to_the_reader():
    scene = talk(b"\x05\x00\x00{")
    sent = next(now for now in scene.moments if now.on_the_wire("dora", FROM_CLIENT))
    assert sent.task == "main"
    assert sent.written == []  # the frame is not complete
    arrived = next(now for now in scene.moments if now.unread("dora", FROM_CLIENT))
    assert arrived.event == "net:arrived:0s"
    assert arrived.woken == ["handler of dora"]
    last = scene.moments[-1]
    assert last.read("dora", FROM_CLIENT) == 3  # its header, and it wants more
    assert last.unread("dora", FROM_CLIENT) == 1


def test_a_frame_is_told_when_it_is_complete():
    scene = talk(b"\x11\x00\x00{", b'"action": "xx"}}')
    frames = [now.written for now in scene.moments if now.written]
    assert frames == [[("the server", '{"action": "xx"}}')]]


def test_bytes_that_are_no_frames_are_told_as_they_are():
    async def main():
        async with await start("02") as server:
            dora = await server.call("dora")
            await dora.send(b"hello")
            await dora.send(bytes(200))
            await server.prints("Heard")

    scene = Scene("bytes", main)
    frames = [text for now in scene.moments for _, text in now.written]
    assert frames == ["hello" + "\0" * 200] or frames[0].startswith("205 bytes: 68 65")


def test_a_full_wire_and_a_full_buffer_are_told():
    async def main(scene):
        async with await start("06") as server:
            alice, bob = await server.connect("alice"), await server.connect("bob")
            await alice.join("tea")
            await bob.join("tea")
            bob.connection.pause()
            with scene.shown():
                for _ in range(3):
                    await alice.say("tea", "x" * 60_000)
                    await asyncio.sleep(1)
                bob.connection.go_on()
                await asyncio.sleep(1)

    scene = Scene("full", main)
    full = next(now for now in scene.moments if now.must_wait("bob"))
    assert full.on_the_wire("bob") == 64 * 1024 < full.kept("bob")
    last = scene.moments[-1]
    assert last.kept("bob") == last.on_the_wire("bob") == last.unread("bob") == 0
    assert not last.must_wait("bob")


def test_the_end_of_a_connection_is_told():
    async def main():
        async with await start("02") as server:
            dora = await server.call("dora")
            dora.finish()
            await dora.rest()
            dora.hang_up()
            await server.prints("gone")
            await asyncio.sleep(1)

    scene = Scene("end", main)
    assert last_of(scene, "handler of dora").ended == "done"
    assert scene.moments[-1].finished("dora")
    assert scene.moments[-1].closed("dora")


# Names.


def test_tasks_are_named_for_whom_they_serve():
    async def main():
        async with await start("10") as server:
            for name in ("alice", "alice", ""):
                await server.call(name)
            await asyncio.sleep(2)

    scene = told(main)
    assert scene["conns"] == ["alice", "alice 2", "client 3"]
    names = [task["n"] for task in scene["tasks"] if task.get("own")]
    for name in scene["conns"]:
        assert f"handler of {name}" in names
        assert f"watch of {name}" in names
    assert "server10" in names
    assert len(names) == len(set(names))


def test_a_connection_without_a_name_has_that_of_the_task_that_opened_it():
    async def visit(server):
        await server.call()

    async def main():
        async with await start("02") as server:
            await asyncio.create_task(visit(server), name="dora")
            await asyncio.sleep(1)

    assert told(main)["conns"] == ["dora"]


# Scenes.


def test_what_comes_before_and_after_the_block_is_folded_away():
    async def main(scene):
        await asyncio.sleep(1)  # before
        with scene.shown():
            await asyncio.sleep(2)  # within
            print("in it")
        await asyncio.sleep(3)  # afterwards

    scene = told(main)
    first = scene["stops"][0]
    assert first == 2
    shown = scene["moments"][first:]
    assert [m["w"][0][1] for m in shown if "w" in m] == [line_of("within")]
    assert all("l" not in moment for moment in scene["moments"][:first])
    assert scene["moments"][-1]["c"] == 3  # the timer; what follows it is not there
    assert scene["missed"] == 0
    assert not any("o" in moment for moment in scene["moments"])


def test_a_run_that_gets_stuck_is_a_scene():
    async def main():
        await asyncio.Event().wait()

    scene = told(main)
    assert "nothing can ever happen again" in scene["error"]
    assert scene["labels"][scene["moments"][-1]["f"]] == "Event.wait"


def test_what_main_raises_is_raised():
    async def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Scene("raises", main)


def test_of_a_long_run_so_many_moments_are_recorded_and_the_others_counted():
    async def main():
        for _ in range(2 * MOST):
            await asyncio.sleep(0)

    scene = told(main)
    assert len(scene["moments"]) == MOST == 800
    assert scene["missed"] >= MOST


async def two_turns():
    await asyncio.sleep(1)
    print("hello")


def test_a_moment_is_found_by_what_happens_in_it():
    scene = Scene("two turns", two_turns)
    found = scene.mark("said", "It is said", "Hello.", lambda now: now.printed != "")
    whole = json.loads(scene.as_json())
    mark = {"name": "said", "title": "It is said", "says": "Hello."}
    assert whole["marks"] == [{**mark, "moment": found.index}]
    assert whole["moments"][found.index]["o"] == "hello\n"


def test_a_condition_that_finds_nothing_is_an_error_that_says_what_there_is():
    scene = Scene("two turns", two_turns)
    with pytest.raises(LookupError) as error:
        scene.mark("never", "Never", "Never.", lambda now: now.printed == "bye")
    assert str(error.value) == (
        "scene 'two turns': no moment from 0 to 3 is 'never'; "
        "tasks, and what each waits for at last: two_turns: ended"
    )


def test_moments_are_named_in_the_order_of_the_tour():
    scene = Scene("two turns", two_turns)
    scene.mark("said", "It is said", "Hello.", lambda now: now.printed != "")
    with pytest.raises(LookupError, match="no moment from 3"):
        scene.mark("first", "The first", "It sleeps.", lambda now: now.waits == "sleep")


def test_a_claim_that_is_not_so_is_an_error_that_quotes_the_sentence():
    scene = Scene("two turns", two_turns)
    with pytest.raises(LookupError) as error:
        scene.mark(
            "said",
            "It is said",
            "Everyone has gone.",
            lambda now: now.printed != "",
            claims=lambda now: not now.task,
        )
    assert str(error.value) == (
        "scene 'two turns': what 'said' says is not so at moment 2, turn 3, 1 s, "
        "two_turns: Everyone has gone."
    )
    assert json.loads(scene.as_json())["marks"] == []


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        (lambda now: now.waiting("bob"), "task"),
        (lambda now: now.end_of("bob"), "task"),
        (lambda now: now.is_at("x", "bob"), "task"),
        (lambda now: now.value("x", "bob"), "task"),
        (lambda now: now.kept("bob"), "connection"),
        (lambda now: now.on_the_wire("bob"), "connection"),
        (lambda now: now.unread("bob"), "connection"),
        (lambda now: now.read("bob"), "connection"),
        (lambda now: now.must_wait("bob"), "connection"),
        (lambda now: now.finished("bob"), "connection"),
        (lambda now: now.closed("bob"), "connection"),
    ],
)
def test_a_condition_about_somebody_who_is_not_there_says_who_is(condition, kind):
    scene = Scene("two turns", two_turns)
    there = "two_turns" if kind == "task" else "none"
    words = f"no {kind} of the scene is called 'bob'; there are: {there}"
    with pytest.raises(LookupError, match=re.escape(words)):
        scene.mark("bob", "Bob", "Bob.", condition)


def test_the_same_seed_is_the_same_scene():
    async def main():
        async with await start("05") as server:
            alice, bob = await server.connect("alice"), await server.connect("bob")
            await alice.join("tea")
            await bob.join("tea")
            await alice.say("tea", "hello")
            await bob.hear("chat")

    faults = simulation.loop.Faults(latency=0.1, jitter=0.1, split=0.5)
    one, two, other = [
        Scene("seeds", main, seed=seed, faults=faults).as_json() for seed in (1, 1, 2)
    ]
    assert one == two != other


def run_scene(path, **environment):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "random", "PATH": "", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_scene_of_the_book_is_the_same_in_another_process_and_not_too_large(path):
    first = run_scene(path)
    assert first == run_scene(path, PYTHONHASHSEED="1")
    assert len(first.encode()) < 60_000
    scene = json.loads(first)
    assert scene["missed"] == 0
    assert 2 <= len(scene["marks"]) <= 4
    for mark in scene["marks"]:
        assert mark["moment"] in scene["stops"]
        assert mark["says"].endswith(".")


def test_there_is_a_scene_for_each_chapter_that_needs_one():
    chapters = {path.parent.name[:3] for path in SCENES}
    assert chapters >= {f"s{n:02}" for n in (1, 2, 4, 5, 6, 7, 8, 9, 10)} | {"cli"}


def test_what_a_search_finds_is_a_scene():
    found = search.search("05", [9], fault=["dead"]).found
    scene = found.scene()
    (mark,) = json.loads(scene.as_json())["marks"]
    assert (mark["title"], mark["says"]) == (found.invariant, found.what)
    broken = scene.moments[mark["moment"]]
    assert broken.waiting("handler of alice") == "StreamWriter.drain"
    assert scene.as_json() == found.scene().as_json()


# Others who look on, and what it costs.


class Counting(Watcher):
    def __init__(self):
        self.callbacks = self.timers = 0

    def run(self, loop, handle, go):
        self.callbacks += 1
        go()

    def timer_set(self, loop, timer):
        self.timers += 1


def test_two_recorders_and_another_watcher_see_the_same_run():
    counting = Counting()
    recorders = [Recorder([__file__]), Recorder([__file__])]

    def made():
        loop = Loop()
        loop.watch(counting)
        for recorder in recorders:
            recorder.look_at(loop)
        return loop

    async def main():
        async with await start("02") as server:
            dora = await server.call("dora")
            await dora.send(b"hello")
            await asyncio.sleep(1)

    with recorders[0].recording(), recorders[1].recording():
        simulation.run(main(), loop_factory=made)
    one, two = [recorder.told() for recorder in recorders]
    assert len(one["moments"]) == counting.callbacks
    assert sum(len(m.get("tn", ())) for m in one["moments"]) == counting.timers
    assert one["frames"] == two["frames"] != []
    without = [
        [{k: v for k, v in m.items() if k != "l"} for m in each["moments"]]
        for each in (one, two)
    ]
    assert without[0] == without[1]


async def chats():
    """Let Alice say five hundred things to Bob."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        for number in range(500):
            await alice.say("tea", str(number))
            await bob.hear("chat")


def test_a_moment_is_recorded_in_little_time():
    simulation.run(chats())  # what is imported is imported
    begin = time.perf_counter()
    simulation.run(chats())
    plain = time.perf_counter() - begin
    begin = time.perf_counter()
    scene = Scene("chats", chats, most=100_000)
    took = time.perf_counter() - begin - plain
    assert scene.missed == 0
    assert len(scene.moments) > 2000
    assert took / len(scene.moments) < BUSY * BUDGET


def test_what_runs_unrecorded_has_nobody_to_tell():
    loop = Loop()
    try:
        assert loop.watchers == []
        assert loop.network.observers == []
    finally:
        loop.close()
