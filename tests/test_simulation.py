"""The loop with a clock of its own: what asyncio.run does, and what only it can do."""

import asyncio
import contextlib
import contextvars
import gc
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from lab import search, simulation, start, story
from lab.host import load
from lab.mistakes.twins import find
from lab.network import Faults
from lab.search import crowd, faults, plan
from lab.simulation import (
    Killed,
    Loop,
    Spinning,
    Stuck,
    Watcher,
    number_objects,
    run_file,
)
from lab.simulation.program import Program
from lab.story import ROOT, STEPS, Step
from lab.unmet import Unmet

PATIENT = 10.0  # seconds for another process: a busy machine is no failure
HANDLES_SIGTERM = "server07"  # the first step that does

SERVERS = [step for step in story.steps() if step.kind in ("server", "side")]
LISTENING = [step for step in SERVERS if step.listens]

of_each_server = pytest.mark.parametrize("step", SERVERS, ids=lambda step: step.name)


def now():
    return asyncio.get_running_loop().time()


def elsewhere(function, *arguments, **options):
    """Call a function in a thread that is not the main one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(function, *arguments, **options).result()


# Ways to run a coroutine: asyncio's own, and five that have to mean the same.


def inside_a_loop(main, **options):
    async def outer():
        return simulation.run(main, **options)

    return asyncio.run(outer())


def in_a_simulation(main, **options):
    async def outer():
        return simulation.run(main, **options)

    return simulation.run(outer())


def in_a_thread(main, **options):
    return elsewhere(simulation.run, main, **options)


def instead_of_a_run(main, **options):
    with simulation.simulated():
        return asyncio.run(main, **options)


def instead_of_a_runner(main, **options):
    with simulation.simulated(), asyncio.Runner(**options) as runner:
        return runner.run(main)


WAYS = {
    "asyncio": asyncio.run,
    "simulation": simulation.run,
    "inside a loop": inside_a_loop,
    "in a simulation": in_a_simulation,
    "in a thread": in_a_thread,
    "instead of a run": instead_of_a_run,
    "instead of a Runner": instead_of_a_runner,
}
SIMULATED = {name: way for name, way in WAYS.items() if name != "asyncio"}

in_every_way = pytest.mark.parametrize("run", WAYS.values(), ids=WAYS.keys())
in_every_other_way = pytest.mark.parametrize(
    "run", SIMULATED.values(), ids=SIMULATED.keys()
)


@in_every_way
def test_run_returns_what_the_coroutine_returns(run):
    async def main():
        await asyncio.sleep(0)
        return ["tea"]

    assert run(main()) == ["tea"]


@in_every_way
@pytest.mark.parametrize("kind", [LookupError, SystemExit, KeyboardInterrupt])
def test_run_raises_what_the_coroutine_raises(run, kind):
    async def main():
        await asyncio.sleep(0)
        raise kind("on purpose")

    with pytest.raises(kind, match="on purpose"):
        run(main())


@in_every_way
def test_run_raises_cancelled_error_for_a_coroutine_that_is_cancelled(run):
    async def main():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        run(main())


@in_every_way
def test_run_cancels_the_tasks_that_are_left_and_waits_for_them(run):
    notes = []

    async def forever(name):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            notes.append(f"{name} cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            notes.append(f"{name} tidied up")

    async def main():
        tasks = [asyncio.create_task(forever(name)) for name in "ab"]
        await asyncio.sleep(0)
        return tasks

    tasks = run(main())
    assert sorted(notes) == [
        "a cancelled",
        "a tidied up",
        "b cancelled",
        "b tidied up",
    ]
    assert all(task.cancelled() for task in tasks)


@in_every_way
def test_run_cancels_what_is_left_after_an_exception_as_well(run):
    notes = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            notes.append("tidied up")

    async def main():
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        raise LookupError(task)

    with pytest.raises(LookupError):
        run(main())
    assert notes == ["tidied up"]


@in_every_way
def test_run_shuts_down_the_async_generators_that_are_left(run):
    notes, kept = [], []

    async def numbers():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            notes.append("closed")

    async def main():
        generator = numbers()
        kept.append(generator)  # so that nobody else throws it away
        return await anext(generator)

    assert run(main()) == 1
    assert notes == ["closed"]


@in_every_way
def test_run_takes_a_coroutine_and_nothing_else(run):
    with pytest.raises(ValueError, match="a coroutine was expected, got 42"):
        run(42)


@in_every_way
@pytest.mark.parametrize("debug", [True, False])
def test_run_switches_the_debug_mode_on_or_off(run, debug):
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert run(main(), debug=debug) is debug


@in_every_way
def test_run_gives_the_coroutine_a_context_of_its_own(run):
    drink = contextvars.ContextVar("drink", default="water")

    async def main():
        drink.set("tea")
        await asyncio.create_task(asyncio.sleep(0))
        return drink.get()

    assert run(main()) == "tea"
    assert drink.get() == "water"


@in_every_way
def test_run_closes_the_loop(run):
    async def main():
        return asyncio.get_running_loop()

    loop = run(main())
    assert loop.is_closed()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.call_later(1, print)


@in_every_other_way
def test_every_way_but_asyncios_own_is_a_simulation(run):
    async def main():
        return asyncio.get_running_loop()

    assert isinstance(run(main()), Loop)


# Inside a loop that runs already.


@pytest.mark.parametrize("run", [asyncio.run, simulation.run])
@pytest.mark.parametrize("error", [None, LookupError, KeyboardInterrupt, Killed])
def test_the_loop_outside_and_its_task_are_current_again_afterwards(run, error):
    async def inner():
        assert asyncio.get_running_loop() is not outside
        await asyncio.sleep(1)
        if error is not None:
            raise error

    async def outer():
        nonlocal outside
        outside, task = asyncio.get_running_loop(), asyncio.current_task()
        expected = pytest.raises(error) if error else contextlib.nullcontext()
        with expected:
            simulation.run(inner())
        assert asyncio.get_running_loop() is outside
        assert asyncio.current_task() is task
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(0))
        return "done"

    outside = None
    assert run(outer()) == "done"


def test_the_loop_outside_stands_still_meanwhile():
    notes = []

    async def inner():
        for number in range(3):
            notes.append(number)
            await asyncio.sleep(1)
        return now()

    async def outer():
        other = asyncio.create_task(asyncio.sleep(0))
        other.add_done_callback(lambda _: notes.append("other"))
        before = now()
        passed = simulation.run(inner())
        after = now()
        await other
        await asyncio.sleep(0)
        return passed, after - before

    passed, outside = simulation.run(outer())
    assert notes == [0, 1, 2, "other"]
    assert (passed, outside) == (3.0, 0.0)


def test_a_callback_of_the_loop_outside_may_run_a_simulation_too():
    async def inner():
        await asyncio.sleep(60)
        return now()

    async def outer():
        result = asyncio.get_running_loop().create_future()

        def call():  # in no task at all
            result.set_result(simulation.run(inner()))

        asyncio.get_running_loop().call_soon(call)
        return await result

    assert asyncio.run(outer()) == 60.0


def test_instead_holds_in_its_block_only():
    async def main():
        return type(asyncio.get_running_loop())

    with pytest.raises(LookupError), simulation.simulated():  # noqa: PT012 - it leaves
        assert asyncio.run(main()) is Loop
        raise LookupError
    assert asyncio.run(main()) is not Loop


def test_instead_uses_the_given_loop_once_and_makes_others_with_its_options():
    async def main():
        loop = asyncio.get_running_loop()
        return loop, loop.network.capacity

    ours = Loop(capacity=10)
    with simulation.simulated(ours, capacity=20):
        assert asyncio.run(main()) == (ours, 10)
        (second, _), (third, _) = asyncio.run(main()), asyncio.run(main())
        assert asyncio.run(main())[1] == 20
    assert len({ours, second, third}) == 3


def test_instead_gives_a_thread_back_the_loop_that_it_had():
    async def inner():
        await asyncio.sleep(1)

    async def outer():
        with simulation.simulated():
            asyncio.run(inner())

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(outer())
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


# The clock.


def test_an_hour_passes_in_no_time():
    async def main():
        assert now() == 0.0
        await asyncio.sleep(3600)
        return now()

    begin = time.monotonic()
    assert simulation.run(main()) == 3600.0
    assert time.monotonic() - begin < 60


def test_what_is_due_at_the_same_time_comes_in_the_order_in_which_it_was_asked_for():
    async def main():
        order = []
        loop = asyncio.get_running_loop()
        for number in range(100):
            loop.call_at(5.0, order.append, number)
        loop.call_later(5.0, order.append, "later")
        loop.call_at(4.0, order.append, "first")
        await asyncio.sleep(6)
        return order

    assert simulation.run(main()) == ["first", *range(100), "later"]


def test_timers_come_by_their_times_however_they_were_asked_for():
    async def main():
        order = []
        delays = [random.Random(1).random() for _ in range(200)]
        for delay in delays:
            asyncio.get_running_loop().call_later(delay, order.append, delay)
        await asyncio.sleep(1)
        return order

    order = simulation.run(main())
    assert order == sorted(order)
    assert len(order) == 200


def test_a_timer_that_was_cancelled_is_not_waited_for():
    async def main():
        loop = asyncio.get_running_loop()
        timer = loop.call_later(1000, print, "never")
        assert timer.when() == 1000
        loop.call_later(1, timer.cancel)
        async with asyncio.timeout(500):
            await asyncio.sleep(2)
        await asyncio.sleep(3)
        return now()

    assert simulation.run(main()) == 5.0


def test_timers_that_were_cancelled_do_not_move_the_clock():
    async def main():
        for delay in (100, 50, 200):
            asyncio.get_running_loop().call_later(delay, print, "never").cancel()
        await asyncio.sleep(2)
        await asyncio.Event().wait()

    with pytest.raises(Stuck, match="at 2 s nothing can ever happen again"):
        simulation.run(main())


def test_a_time_that_has_passed_does_not_set_the_clock_back():
    async def main():
        await asyncio.sleep(5)
        called = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_at(1.0, lambda: called.set_result(now()))
        return await called

    assert simulation.run(main()) == 5.0


def test_what_was_due_while_all_stood_still_comes_afterwards_and_in_its_order():
    async def main():
        loop = asyncio.get_running_loop()
        came = []
        for when in (3, 1, 2, 4000):
            loop.call_at(when, lambda when=when: came.append((when, now())))
        loop.call_at(1.5, loop.stand_still, 3600)
        await asyncio.sleep(2.5)
        assert now() == 3601.5
        await asyncio.sleep(1)
        return came

    assert simulation.run(main()) == [(1, 1), (2, 3601.5), (3, 3601.5)]


def test_what_was_cancelled_when_it_was_due_is_not_called(caplog):
    async def main():
        notes = []
        loop = asyncio.get_running_loop()
        loop.call_soon(notes.append, "soon").cancel()
        loop.call_at(1.0, lambda: timer.cancel())
        timer = loop.call_at(1.0, notes.append, "later")
        await asyncio.sleep(2)
        return notes

    assert simulation.run(main()) == []
    assert caplog.records == []


def test_whoever_becomes_ready_meanwhile_waits_for_the_next_turn():
    async def main():
        order = []
        loop = asyncio.get_running_loop()

        def first():
            order.append("first")
            loop.call_soon(order.append, "third")

        loop.call_soon(first)
        loop.call_soon(order.append, "second")
        await asyncio.sleep(1)
        return order

    assert simulation.run(main()) == ["first", "second", "third"]


def test_a_timeout_comes_at_its_time():
    async def main():
        times = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.Event().wait()
        times.append(now())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 2.5)
        times.append(now())
        done, pending = await asyncio.wait(
            [asyncio.create_task(asyncio.sleep(delay)) for delay in (1, 100)], timeout=3
        )
        times.append(now())
        return times, len(done), len(pending)

    assert simulation.run(main()) == ([5.0, 7.5, 10.5], 1, 1)


# Nothing can happen, or too much.


def test_stuck_says_which_tasks_there_are_and_what_they_wait_for():
    async def drink(cup):
        await cup.get()

    async def main():
        await asyncio.sleep(7)
        async with asyncio.TaskGroup() as tasks:
            for name in ("ada", "ben"):
                tasks.create_task(drink(asyncio.Queue()), name=name)

    with pytest.raises(Stuck) as raised:
        simulation.run(main())
    head, *lines = str(raised.value).splitlines()
    assert head == "at 7 s nothing can ever happen again; waiting:"
    assert [line.split(":")[0].strip() for line in lines] == ["Task-1", "ada", "ben"]
    place = r"in .*{} \(test_simulation\.py:\d+\)"
    assert re.search("TaskGroup " + place.format("main"), lines[0])
    assert re.search("Queue.get " + place.format("drink"), lines[1])


@in_every_other_way
def test_a_run_that_is_stuck_still_tidies_up(run):
    notes = []

    async def forever(name):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            notes.append(name)

    async def main():
        task = asyncio.create_task(forever("task"))
        await forever("main")
        return task

    with pytest.raises(Stuck):
        run(main())
    assert sorted(notes) == ["main", "task"]


def test_a_loop_that_turns_while_time_stands_still_is_noticed(monkeypatch):
    monkeypatch.setattr("lab.simulation.loop.TURNS", 500)
    notes = []

    async def spin():
        try:
            for _ in range(10**6):
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)
            notes.append("tidied up")

    async def main():
        await asyncio.sleep(3)
        await asyncio.create_task(spin(), name="spins")

    with pytest.raises(Spinning) as raised:
        simulation.run(main())
    head, *lines = str(raised.value).splitlines()
    assert head == "at 3 s 500 turns and no time has passed; waiting:"
    assert "  spins: sleep in " in lines[1]
    assert notes == ["tidied up"]


def test_many_turns_are_no_trouble_while_time_goes_on(monkeypatch):
    monkeypatch.setattr("lab.simulation.loop.TURNS", 500)

    async def main():
        for number in range(2000):
            await asyncio.sleep(0 if number % 400 else 0.001)
        return now()

    assert simulation.run(main()) == pytest.approx(0.005)


def test_what_is_due_too_late_never_happens_and_is_told():
    async def tick():
        while True:
            await asyncio.sleep(1)
            ticks.append(now())

    async def main():
        try:
            await asyncio.create_task(tick(), name="ticks")
        finally:
            ticks.append("tidied up")

    ticks = []
    with pytest.raises(Stuck) as raised:
        simulation.run(main(), until=3.0)
    head, *lines = str(raised.value).splitlines()
    assert head == "at 3 s the time is up; waiting:"
    assert "  ticks: sleep in " in lines[1]
    gc.collect()
    assert ticks == [1.0, 2.0, 3.0]


def test_a_task_that_cannot_be_cancelled_runs_until_the_time_is_up_and_no_longer():
    async def stubborn():
        while True:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                pass

    async def main():
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(5)
        return task

    with pytest.raises(Stuck, match="at 10 s the time is up"):
        simulation.run(main(), until=10)


# Threads.


def test_a_thread_that_the_run_has_started_is_heard():
    async def main():
        loop, gate = asyncio.get_running_loop(), threading.Event()
        heard = loop.create_future()

        def work():
            gate.wait(PATIENT)  # until the loop has nothing to do but to wait
            loop.call_soon_threadsafe(heard.set_result, "words from outside")

        thread = threading.Thread(target=work)
        thread.start()
        loop.call_later(1, gate.set)
        words = await heard
        thread.join()
        return words, now()

    assert simulation.run(main()) == ("words from outside", 1.0)


def test_a_thread_that_was_there_before_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("lab.simulation.loop.OUTSIDE", 1000.0)
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    with pytest.raises(Stuck):
        simulation.run(asyncio.Event().wait())
    gate.set()
    thread.join()


def test_a_thread_that_says_nothing_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr("lab.simulation.loop.OUTSIDE", 0.01)
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)

    async def main():
        thread.start()
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        simulation.run(main())
    gate.set()
    thread.join()


def test_a_thread_that_has_spoken_is_waited_for_again_but_not_for_ever(monkeypatch):
    gate = threading.Event()

    async def main():
        loop = asyncio.get_running_loop()
        heard = loop.create_future()

        def work():
            loop.call_soon_threadsafe(heard.set_result, None)
            gate.wait()

        thread = threading.Thread(target=work)
        threads.append(thread)
        thread.start()
        await heard
        monkeypatch.setattr("lab.simulation.loop.OUTSIDE", 0.01)
        await asyncio.Event().wait()

    threads = []
    with pytest.raises(Stuck):
        simulation.run(main())
    gate.set()
    threads[0].join()


def test_work_for_a_thread_is_done_at_once_and_in_order():
    place = contextvars.ContextVar("place")

    def work(number, *, notes):
        notes.append((number, threading.get_ident(), place.get()))
        return number

    async def main():
        place.set("here")
        notes = []
        async with asyncio.TaskGroup() as tasks:
            done = [
                tasks.create_task(asyncio.to_thread(work, number, notes=notes))
                for number in range(5)
            ]
        return notes, [task.result() for task in done], now()

    notes, done, passed = simulation.run(main())
    assert notes == [(number, threading.get_ident(), "here") for number in range(5)]
    assert (done, passed) == ([0, 1, 2, 3, 4], 0.0)


def test_work_for_a_thread_is_not_done_before_somebody_waits_for_it():
    async def main():
        notes = []
        work = asyncio.get_running_loop().run_in_executor(None, notes.append, "done")
        notes.append("asked")
        await work
        return notes

    assert simulation.run(main()) == ["asked", "done"]


def test_an_exception_in_work_for_a_thread_comes_out():
    async def main():
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        return await asyncio.to_thread(lambda: "goes on")

    assert simulation.run(main()) == "goes on"


def test_work_for_a_thread_that_was_cancelled_is_not_done():
    async def main():
        notes = []
        work = asyncio.get_running_loop().run_in_executor(None, notes.append, "done")
        work.cancel()
        await asyncio.sleep(1)
        return notes

    assert simulation.run(main()) == []


def test_addresses_are_looked_up_without_a_system():
    async def main():
        (found,) = await asyncio.get_running_loop().getaddrinfo("anywhere", 80)
        return found[-1]

    assert simulation.run(main()) == ("anywhere", 80)


# Signals.


@pytest.fixture
def handlers():
    """Set handlers in the real process, and see that they are the same at the end."""
    ours = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: None}
    before = {number: signal.signal(number, ours[number]) for number in ours}
    yield
    after = {number: signal.signal(number, before[number]) for number in ours}
    assert after == ours


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("name", ["interrupt", "terminate"])
def test_a_handler_of_the_loop_is_called_until_it_is_removed(name):
    number = signal.SIGINT if name == "interrupt" else signal.SIGTERM

    async def main():
        loop, heard = asyncio.get_running_loop(), []
        send = getattr(loop, name)
        loop.add_signal_handler(number, heard.append, "first")
        loop.add_signal_handler(number, lambda *words: heard.append(words), "second", 2)
        loop.call_later(1, send)
        await asyncio.sleep(0.5)
        assert heard == []
        await asyncio.sleep(1)
        assert heard == [("second", 2)]
        assert loop.remove_signal_handler(number) is True
        assert loop.remove_signal_handler(number) is False
        loop.call_later(1, send)
        await asyncio.sleep(10)

    with pytest.raises(KeyboardInterrupt if name == "interrupt" else Killed):
        simulation.run(main())


def test_a_handler_of_the_loop_is_called_in_a_turn_of_its_own():
    async def main():
        loop, notes = asyncio.get_running_loop(), []
        loop.add_signal_handler(signal.SIGTERM, notes.append, "handled")
        loop.terminate()
        notes.append("sent")
        await asyncio.sleep(0)
        return notes

    assert simulation.run(main()) == ["sent", "handled"]


@pytest.mark.usefixtures("handlers")
def test_ctrl_c_cancels_the_main_task():
    notes = []

    async def main():
        asyncio.get_running_loop().call_later(3, asyncio.get_running_loop().interrupt)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            notes.append(now())
            raise

    with pytest.raises(KeyboardInterrupt):
        simulation.run(main())
    assert notes == [5.0]


@pytest.mark.usefixtures("handlers")
def test_a_second_ctrl_c_does_not_wait_for_the_main_task():
    notes = []

    async def main():
        loop = asyncio.get_running_loop()
        for when in (3, 4):
            loop.call_at(when, loop.interrupt)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            notes.append(f"first at {now():g}")
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                notes.append(f"second at {now():g}")

    with pytest.raises(KeyboardInterrupt):
        simulation.run(main())
    assert notes == ["first at 3", "second at 4"]


@pytest.mark.usefixtures("handlers")
def test_ctrl_c_comes_by_itself_when_nothing_can_happen_if_this_is_wanted():
    notes = []

    async def main():
        await asyncio.sleep(5)
        try:
            await asyncio.Event().wait()
        finally:
            notes.append(now())

    with pytest.raises(KeyboardInterrupt):
        simulation.run(main(), idle="ctrl-c")
    assert notes == [5.0]


def test_whoever_does_not_end_at_that_ctrl_c_is_stuck():
    async def main():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                notes.append("no")
                if len(notes) > 1:
                    raise

    notes = []
    with pytest.raises(Stuck):
        simulation.run(main(), idle="ctrl-c")
    assert notes == ["no", "no"]  # at Ctrl-C, and when the run tidies up


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("where", ["in a timer", "in a coroutine"])
def test_a_process_that_is_killed_tidies_nothing_up(where, caplog, recwarn):
    notes = []

    async def forever(name):
        try:
            await asyncio.Event().wait()
        finally:
            notes.append(name)

    async def main():
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(forever, "127.0.0.1", 0)
        tasks = [asyncio.create_task(forever("task"))]
        await asyncio.sleep(3)
        if where == "in a coroutine":
            loop.terminate()
        loop.call_soon(loop.terminate)
        await forever("main")
        return server, tasks

    with pytest.raises(Killed) as raised:
        simulation.run(main())
    assert raised.value.code == -signal.SIGTERM == -15
    assert isinstance(raised.value, SystemExit)
    gc.collect()
    assert notes == []
    assert caplog.records == recwarn.list == []


def test_a_process_may_kill_itself_with_nobody_else_there(caplog, recwarn):
    async def main():
        asyncio.get_running_loop().terminate()

    with pytest.raises(Killed):
        simulation.run(main())
    gc.collect()
    assert caplog.records == recwarn.list == []


def test_who_kills_itself_is_not_heard_of_again():
    main = (
        "import asyncio\n"
        "from lab import simulation\n"
        "async def main():\n"
        "    asyncio.get_running_loop().terminate()\n"
        "try:\n"
        "    simulation.run(main())\n"
        "except SystemExit as end:\n"
        "    print(end)\n"
    )
    done = python("-X", "dev", "-c", main)
    assert (done.stdout, done.stderr, done.returncode) == ("-15\n", "", 0)


def test_what_a_killed_process_left_undone_is_not_heard_at_the_end(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import asyncio

async def serve_client(reader, writer):
    try:
        await reader.read()
    finally:
        print("heard")
        writer.close()
        await writer.wait_closed()

async def main():
    server = await asyncio.start_server(serve_client, "127.0.0.1", 9011)
    reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
    try:
        await server.serve_forever()
    finally:
        await asyncio.sleep(1)
        await asyncio.sleep(1)

asyncio.run(main())
"""
    )
    main = (
        "import pathlib, sys\n"
        "from lab import simulation\n"
        "ended = simulation.run_file(pathlib.Path(sys.argv[1]), sigterm_at=3.5)\n"
        "print(ended)\n"
    )
    done = python("-X", "dev", "-c", main, str(program))
    assert done.stdout == "Ended(status=-15, output='', errors='', time=3.5)\n"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("handlers")
def test_a_program_may_ignore_a_signal_or_handle_it_as_processes_do():
    heard = []

    async def main():
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        loop.terminate()
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        loop.terminate()

    simulation.run(main())
    assert heard == [signal.SIGTERM]


@pytest.mark.usefixtures("handlers")
def test_a_run_begins_with_the_handlers_of_a_fresh_process():
    async def main():
        return signal.getsignal(signal.SIGTERM)

    assert simulation.run(main()) is signal.SIG_DFL


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("end", [LookupError, Killed, Stuck])
def test_the_handlers_of_the_process_are_given_back_whatever_happens(end):
    async def main():
        if end is LookupError:
            raise LookupError
        if end is Killed:
            asyncio.get_running_loop().call_soon(asyncio.get_running_loop().terminate)
        await asyncio.Event().wait()

    with pytest.raises(end):
        simulation.run(main())


@pytest.mark.parametrize(
    ("name", "error"), [("interrupt", KeyboardInterrupt), ("terminate", Killed)]
)
def test_in_another_thread_a_signal_that_nobody_handles_ends_the_run(name, error):
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(1, getattr(loop, name))
        await asyncio.sleep(10)

    with pytest.raises(error):
        in_a_thread(main())


def test_in_another_thread_a_handler_of_the_loop_is_called():
    async def main():
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        loop.add_signal_handler(signal.SIGTERM, heard.set_result, "heard")
        loop.call_later(1, loop.terminate)
        return await heard

    assert in_a_thread(main()) == "heard"


# The same seed, the same run.

ROUGH = Faults(latency=0.01, jitter=0.5, split=0.5, stalled=0.5, stall=3, within=100)


async def conversation():
    """Return when which bytes have come where, while five clients talk to an echo."""
    trace = []

    async def echo(reader, writer):
        while data := await reader.read(50):
            trace.append([now(), "server", data.decode()])
            writer.write(data)
        writer.close()

    async def talk(name, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(5):
            writer.write(f"{name} says {number}. ".encode())
            await asyncio.sleep(0.1)
        writer.write_eof()
        while data := await reader.read(50):
            trace.append([now(), name, data.decode()])
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.TaskGroup() as tasks:
        for name in ("ada", "ben", "cleo", "dan", "eve"):
            tasks.create_task(talk(name, port))
    server.close()
    return trace


def crowded(seed):
    """Return when which client of a crowd has sent and heard what on the last step."""
    names = [fault.name for fault in faults.FAULTS]
    run = crowd.play(LISTENING[-1], plan.drawn(seed, names))
    return [
        [played.part.name, noted.when, noted.sent, noted.message]
        for played in run.everybody
        for noted in played.client.log
    ]


def traces(seed):
    """Return all that was seen in two runs with this seed, as text."""
    talked = simulation.run(conversation(), seed=seed, faults=ROUGH)
    return json.dumps([talked, crowded(seed)])


def test_the_same_seed_brings_the_same_run_and_another_one_another():
    first, again, other = traces(1), traces(1), traces(2)
    assert len(first) > 3000
    assert first == again != other


def test_the_same_seed_brings_the_same_run_in_two_processes():
    code = "from tests.test_simulation import traces; print(traces(1), traces(4))"
    first, second = (
        python("-c", code, PYTHONPATH=os.pathsep.join((str(ROOT), str(STEPS))))
        for _ in range(2)
    )
    assert first.stderr == second.stderr == ""
    assert len(first.stdout) > 3000
    assert first.stdout == second.stdout


def python(*words, **environment):
    """Run Python to its end, with the same hashes every time."""
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONHASHSEED": "0", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=PATIENT,
        check=False,
    )


def test_tasks_have_their_numbers_for_hashes():
    async def main():
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(50)]
        order = list(set(reversed(tasks)))
        await asyncio.wait(tasks)
        return [hash(task) for task in tasks], order == tasks

    hashes, in_order = simulation.run(main())
    assert hashes == sorted(hashes)
    assert in_order


def test_tasks_are_named_by_their_number_in_the_loop():
    async def main():
        tasks = [
            asyncio.create_task(asyncio.sleep(0), name=name)
            for name in (None, None, "tea")
        ]
        await asyncio.wait(tasks)
        return [task.get_name() for task in (asyncio.current_task(), *tasks)]

    for _ in range(2):
        assert simulation.run(main()) == ["Task-1", "Task-2", "Task-3", "tea"]


# Numbers for the objects of a step.

CLASSES = '''
import enum
from dataclasses import dataclass

class Plain:
    """Says nothing of hashes."""
    def __init__(self, name=""):
        self.name = name
    def itself(self):
        return __class__

class Slotted:
    """Has no room."""
    __slots__ = ("name",)
    def __init__(self, name=""):
        self.name = name

class Child(Plain):
    pass

class Frozen:
    def __setattr__(self, name, value):
        raise AttributeError(name)

class Equal:
    def __init__(self, name=""):
        self.name = name
    def __eq__(self, other):
        return self.name == other.name
    def __hash__(self):
        return hash(self.name)

@dataclass
class Data:
    name: str = ""

class Failure(Exception):
    pass

class Colour(enum.Enum):
    RED = 1

Foreign = type("Foreign", (), {"__module__": "elsewhere"})

early = Plain()
'''


hashes = {}  # of each class, before its objects are numbered


@pytest.fixture
def classes():
    """Return a module with classes of many kinds, as it was before, and a loop."""
    module = ModuleType("classes")
    exec(CLASSES, vars(module))
    before = dict(vars(module))
    hashes.update({n: v.__hash__ for n, v in before.items() if isinstance(v, type)})
    loop = Loop()
    number_objects(module, loop.numbers)
    yield module, before, loop
    loop.close()


@pytest.mark.parametrize("name", ["Plain", "Slotted", "Child", "Frozen"])
def test_objects_of_a_module_have_numbers_for_hashes(classes, name):
    module, before, loop = classes
    made = [getattr(module, name)() for _ in range(50)]
    assert list({*made}) == made
    assert [hash(one) for one in made] == list(range(50))
    assert [hash(one) for one in made] == list(range(50))  # and keep them
    assert next(loop.numbers) == 50
    assert made[0] != made[1]
    cls = getattr(module, name)
    assert isinstance(made[0], before[name])
    assert (cls.__name__, cls.__qualname__, cls.__module__) == (name, name, "classes")
    assert cls.__doc__ == before[name].__doc__


def test_an_object_with_slots_still_has_no_other_room(classes):
    module, _, _ = classes
    one = module.Slotted("tea")
    hash(one)
    assert one.name == "tea"
    with pytest.raises(AttributeError):
        one.milk = True


def test_numbered_classes_are_still_each_others_children(classes):
    module, _, _ = classes
    child = module.Child()
    assert isinstance(child, module.Plain)
    assert issubclass(module.Child, module.Plain)
    assert isinstance(module.early, module.Plain)
    assert child.itself() is module.Plain


@pytest.mark.parametrize("name", ["Equal", "Data", "Failure", "Colour", "Foreign"])
def test_what_says_what_is_equal_and_what_belongs_to_others_is_left_alone(
    classes, name
):
    module, before, _ = classes
    assert getattr(module, name) is before[name]
    assert before[name].__hash__ is hashes[name]


def test_equal_objects_are_still_equal(classes):
    module, _, _ = classes
    assert {module.Equal("tea"), module.Equal("tea")} == {module.Equal("tea")}
    assert module.Data("tea") == module.Data("tea")
    with pytest.raises(TypeError, match="unhashable"):
        hash(module.Data("tea"))


def test_a_step_that_is_started_in_a_simulation_has_numbered_objects():
    async def main():
        async with await start("05") as server:
            return [hash(server.module.Client(None)) for _ in range(3)]

    first, second, third = simulation.run(main())
    assert third - second == second - first == 1


# A file as a program of its own.


A_MOMENT = 0.01  # seconds: from step 07 on, a server lets those in who are on their way


@of_each_server
def test_each_step_runs_unmodified_and_ends_with_ctrl_c(step, caplog):
    ended = run_file(step.path, ctrl_c_at=3.5)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.time == pytest.approx(3.5, abs=A_MOMENT)
    first = "Listening on 127.0.0.1:9011" if step.listens else "The server has started"
    assert ended.output.startswith(first)
    assert caplog.records == []


# From 13 on, main looks at the clients once per second, if there are any or not.
AT_REST = [step for step in LISTENING if step.number < "13"]


@pytest.mark.parametrize("step", AT_REST, ids=lambda step: step.name)
def test_ctrl_c_comes_when_nothing_can_happen_any_more(step):
    ended = run_file(step.path)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.time == pytest.approx(0.0, abs=A_MOMENT)


def test_what_a_step_does_meanwhile_is_seen():
    ended = run_file(STEPS / "server01.py", ctrl_c_at=3.5)
    assert ended.output.splitlines() == [
        "The server has started; Ctrl-C stops it.",
        "tick 1",
        "tick 2",
        "tick 3",
        "The server has stopped after 3 ticks.",
    ]


@pytest.mark.parametrize(
    "step",
    [step for step in SERVERS if step.name < HANDLES_SIGTERM],
    ids=lambda step: step.name,
)
def test_a_step_that_does_not_handle_sigterm_is_ended_by_it(step, caplog):
    ended = run_file(step.path, sigterm_at=3.5)
    assert (ended.status, ended.errors, ended.time) == (-15, "", 3.5)
    assert "stopped" not in ended.output
    assert caplog.records == []


def test_a_client_without_a_server_says_so():
    ended = run_file(STEPS / "client01.py", ["ada"])
    assert (ended.status, ended.output) == (1, "")
    assert re.fullmatch(
        r"No server at 127\.0\.0\.1:9011 \(.*Connect call failed .*\); "
        r"start one with: python steps/server05\.py\n",
        ended.errors,
    )


PROGRAMS = {
    "ends": "print('done')",
    "raises": "print('begins')\nraise LookupError('on purpose')",
    "complains": "import sys; print('no tea', file=sys.stderr)",
    "exits with a text": "import sys; sys.exit('no tea left')",
    "exits with a number": "import sys; sys.exit(3)",
    "exits with a list": "import sys; sys.exit(['no', 'tea'])",
    "exits with nothing": "import sys; sys.exit()",
    "exits with true": "import sys; sys.exit(True)",
    "is interrupted": "raise KeyboardInterrupt",
    "is cancelled": (
        "import asyncio\n"
        "async def main():\n"
        "    asyncio.current_task().cancel()\n"
        "    await asyncio.sleep(1)\n"
        "asyncio.run(main())"
    ),
    "raises a group": "raise BaseExceptionGroup('two', [ValueError(), KeyError()])",
    "is called with words": "import sys; print(sys.argv[1:], __name__)",
    "imports its neighbour": "import neighbour; print(neighbour.DRINK)",
    "imports a step": "import utils01; print(utils01.HEADER)",
    "is no Python": "(",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_ends_as_its_process_would(tmp_path, monkeypatch, text):
    if sys.platform == "win32" and "Interrupt" in text:
        pytest.skip("Windows has a status of its own for that")
    file = tmp_path / "program.py"
    file.write_text(text)
    (tmp_path / "neighbour.py").write_text("DRINK = 'tea'\n")
    process = python(str(file), "a", "b c", PYTHONPATH=str(STEPS))
    # The tests know these already, and it is to find them by itself.
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(STEPS)])
    monkeypatch.delitem(sys.modules, "utils01", raising=False)
    ended = run_file(file, ["a", "b c"])
    sys.modules.pop("neighbour", None)
    assert (ended.status, ended.output) == (process.returncode, process.stdout)
    # What comes before the last line names files that are on the way to it here.
    assert ended.errors.splitlines()[-1:] == process.stderr.splitlines()[-1:]
    assert ("Traceback" in ended.errors) == ("File" in process.stderr)


def test_the_command_line_and_the_path_are_given_back(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(
        "import sys\nsys.argv.append('more')\nsys.path.append('nowhere')\n1 / 0\n"
    )
    argv, path, output, errors = sys.argv, sys.path, sys.stdout, sys.stderr
    before = [*argv], [*path]
    assert run_file(file, ["word"]).status == 1
    assert sys.argv is argv
    assert sys.path is path
    assert ([*argv], [*path]) == before
    assert (sys.stdout, sys.stderr) == (output, errors)
    assert asyncio.run(asyncio.sleep(0, "real again")) == "real again"


def test_a_program_that_never_ends_is_told_of(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(
        "import asyncio\n"
        "async def main():\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.Event().wait()\n"
        "        except asyncio.CancelledError:\n"
        "            print('no')\n"
        "asyncio.run(main())\n"
    )
    with pytest.raises(Stuck, match=r"Event\.wait in main \(program\.py:5\)"):
        run_file(file)


@pytest.mark.parametrize("wait", ["asyncio.Event().wait()", "asyncio.sleep(1)"])
async def test_a_program_that_does_not_end_at_ctrl_c_is_not_yet_right(tmp_path, wait):
    file = tmp_path / "stubborn.py"
    file.write_text(
        "import asyncio\n"
        "async def main():\n"
        "    while True:\n"
        "        try:\n"
        f"            await {wait}\n"
        "        except asyncio.CancelledError:\n"
        "            pass\n"
        "asyncio.run(main())\n"
    )
    program = await Program.start(Step(file))
    with pytest.raises(Unmet, match=r"in main \(stubborn\.py:5\)") as raised:
        await program.interrupt(5.0)
    assert raised.value.expected == "a process that ends"


async def test_a_step_that_is_interrupted_ends_as_its_process_does():
    program = await Program.start(story.find("01"))
    assert await program.interrupt(2.5) == 0
    assert program.transcript.lines[-1] == "The server has stopped after 2 ticks."
    assert str(program.errors) == ""


def test_a_seed_that_breaks_something_is_found_in_the_same_way_inside_a_loop():
    twin = find("echoes").step

    async def outer():
        return search.search(twin, range(5), like=story.find("05"))

    alone = search.search(twin, range(5), like=story.find("05"))
    inside = asyncio.run(outer())
    assert inside.found.text() == alone.found.text()


# Those who look on.


class Noting(Watcher):
    """Notes what it is told, in a list that it shares with others."""

    def __init__(self, name, notes):
        self.name, self.notes = name, notes

    def run(self, loop, handle, go):
        self.notes.append(f"{self.name} before")
        go()
        self.notes.append(f"{self.name} after")

    def skipped(self, loop, handle):
        self.notes.append(f"{self.name} skipped")

    def make_task(self, loop, make):
        task = make()
        self.notes.append(f"{self.name} made {task.get_coro().__name__}")
        return task

    def timer_set(self, loop, timer):
        self.notes.append(f"{self.name} set {timer.when():g}")

    def timer_gone(self, loop, timer):
        self.notes.append(f"{self.name} gone {timer.when():g}")

    def ran_in_executor(self):
        self.notes.append(f"{self.name} executor")


def seen(main, *names):
    """Run ``main``; return what watchers with these names have noted."""
    notes = []

    def made():
        loop = Loop()
        for name in names:
            loop.watch(Noting(name, notes))
        return loop

    simulation.run(main(), loop_factory=made, debug=False)
    return notes


async def nothing():
    pass


def test_of_several_watchers_each_runs_what_the_next_one_does():
    notes = seen(nothing, "inner", "outer")
    assert notes[:6] == [
        "inner made nothing",
        "outer made nothing",
        "outer before",
        "inner before",
        "inner after",
        "outer after",
    ]


def test_a_watcher_is_told_of_timers_that_are_set_due_and_cancelled():
    async def main():
        loop = asyncio.get_running_loop()
        timer = loop.call_later(5, print)
        await asyncio.sleep(2)
        timer.cancel()
        timer.cancel()  # which cancels nothing more

    notes = seen(main, "one")
    told = [note for note in notes if " set " in note or " gone " in note]
    assert told == ["one set 5", "one set 2", "one gone 2", "one gone 5"]
    due = notes.index("one gone 2")
    assert notes[due + 1] == "one before"


def test_a_watcher_is_told_of_what_was_cancelled_in_the_queue_and_of_executors():
    async def main():
        asyncio.get_running_loop().call_soon(print).cancel()
        await asyncio.to_thread(int)

    notes = seen(main, "one")
    assert notes.count("one skipped") == 1
    assert notes.count("one executor") == 1


def test_a_watcher_that_only_looks_changes_nothing():
    async def main():
        loop = asyncio.get_running_loop()
        loop.watch(Watcher())
        loop.call_soon(print).cancel()
        await asyncio.sleep(1)
        await asyncio.to_thread(int)
        return await asyncio.create_task(asyncio.sleep(1, "done"))

    assert simulation.run(main()) == "done"


def test_a_loop_names_what_watches_those_that_are_made_from_then_on(monkeypatch):
    one = Watcher()
    monkeypatch.setattr(Loop, "watched_by", one)
    with contextlib.closing(Loop()) as watched:
        monkeypatch.setattr(Loop, "watched_by", None)
        assert watched.watchers == [one]
    with contextlib.closing(Loop()) as unwatched:
        assert unwatched.watchers == []


# In slices.


async def ticks(notes):
    async for late in utils03().ticks():
        notes.append((now(), late))


def utils03():
    return sys.modules.get("utils03") or load(story.find("utils03"))


def test_a_loop_can_be_driven_in_slices_from_outside():
    notes = []
    with contextlib.closing(Loop()) as loop:
        task = loop.create_task(ticks(notes))
        turns = loop.advance(2.5)
        assert loop.time() == 2.5
        assert [when for when, _ in notes] == [1, 2]
        assert turns == loop.turn > 0
        assert loop.advance(2.5) == 0
        loop.call_soon(notes.append, ("said", 0))
        assert loop.advance(2.5) == 1  # what was put into it is done at once
        assert notes[-1] == ("said", 0)
        loop.advance(60)
        assert len(notes) == 61
        task.cancel()
        loop.run_until_complete(asyncio.wait({task}))
        loop.run_until_complete(loop.shutdown_asyncgens())


def test_what_is_driven_in_slices_is_in_its_loop_and_what_drives_it_is_not():
    async def outer():
        with contextlib.closing(Loop()) as loop:
            running = []

            async def inner():
                await asyncio.sleep(0)
                running.append(asyncio.get_running_loop() is loop)

            task = loop.create_task(inner())
            loop.advance(1)
            assert task.done()
            assert asyncio.get_running_loop() is not loop
            return running

    assert asyncio.run(outer()) == [True]
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_what_raises_in_a_slice_raises_there_and_the_loop_goes_on():
    def press():
        raise KeyboardInterrupt

    with contextlib.closing(Loop()) as loop:
        loop.call_at(1, press)
        loop.call_at(2, loop.stand_still, 3)
        with pytest.raises(KeyboardInterrupt):
            loop.advance(5)
        assert loop.time() == 1
        loop.advance(3)
        assert loop.time() == 5


def test_what_is_due_after_the_end_of_a_loop_never_happens_in_slices_either():
    with contextlib.closing(Loop(until=1)) as loop:
        notes = []
        loop.call_at(2, notes.append, "late")
        loop.advance(5)
        assert notes == []
