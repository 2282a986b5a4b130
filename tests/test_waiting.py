"""What a task waits for, in a few words."""

import asyncio
import contextlib
import inspect
import re
import sys

import pytest

from lab.suspended import chain, given_name, label, waits_for

PythonTask = asyncio.tasks._PyTask
PythonFuture = asyncio.futures._PyFuture


@pytest.fixture(params=[asyncio.Task, PythonTask], ids=["in C", "in Python"])
async def begun(request):
    """Return a function that starts a coroutine and lets it come to its first wait."""
    tasks = []

    async def begin(coroutine, turns=3, **more):
        task = request.param(coroutine, loop=asyncio.get_running_loop(), **more)
        tasks.append(task)
        for _ in range(turns):
            await asyncio.sleep(0)
        return task

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def place(function, fragment):
    """Return how the line of a function that contains the fragment is to be called."""
    lines, first = inspect.getsourcelines(function)
    (number,) = (n for n, line in enumerate(lines, first) if fragment in line)
    return f"{function.__name__} (test_waiting.py:{number})"


async def sleeps():
    await asyncio.sleep(60)


async def takes_turns():
    for _ in range(60):
        await asyncio.sleep(0)


async def gets(queue):
    await queue.get()


async def is_told(event):
    await event.wait()


async def holds(lock):
    async with lock:
        pass


async def stacks(lock):
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(lock)


async def heeds(condition):
    async with condition:
        await condition.wait()


async def groups():
    async with asyncio.TaskGroup() as group:
        group.create_task(sleeps())


async def gathers():
    await asyncio.gather(sleeps(), sleeps())


async def picks(task):
    await asyncio.wait([task])


async def awaits(awaitable):
    await awaitable


async def is_patient(event):
    async with asyncio.timeout(60):
        await event.wait()


async def numbers(reader):
    while True:
        yield await reader.readexactly(3)


async def reads_all(reader):
    async for _ in numbers(reader):
        pass


async def reads_next(reader):
    await anext(numbers(reader), None)


async def steps_down(reader):
    async with contextlib.aclosing(numbers(reader)) as stream:
        async for _ in stream:
            pass


@contextlib.asynccontextmanager
async def opened(event):
    await event.wait()
    yield


async def opens(event):
    async with opened(event):
        pass


class Ticket:
    """Somebody's own awaitable."""

    def __init__(self, future):
        self.future = future

    def __await__(self):
        return (yield from self.future)


class Door:
    """Somebody's own class with a method that waits."""

    async def knock(self):
        await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("coroutine", "what", "function", "fragment"),
    [
        (lambda: sleeps(), "sleep", sleeps, "sleep(60)"),
        (lambda: takes_turns(), "sleep", takes_turns, "sleep(0)"),
        (lambda: gets(asyncio.Queue()), "Queue.get", gets, ".get()"),
        (lambda: is_told(asyncio.Event()), "Event.wait", is_told, ".wait()"),
        (lambda: heeds(asyncio.Condition()), "Condition.wait", heeds, ".wait()"),
        (lambda: groups(), "TaskGroup", groups, "async with"),
        (lambda: gathers(), "gather", gathers, "gather("),
        (lambda: is_patient(asyncio.Event()), "Event.wait", is_patient, ".wait()"),
        (lambda: opens(asyncio.Event()), "Event.wait", opened, ".wait()"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_it_names_the_primitive_and_the_line(
    begun, coroutine, what, function, fragment
):
    # A decorator stands between the name and what it decorates.
    function = inspect.unwrap(function)
    task = await begun(coroutine())
    assert waits_for(task) == f"{what} in {place(function, fragment)}"


@pytest.mark.parametrize("user", [reads_all, reads_next, steps_down])
async def test_it_looks_into_an_asynchronous_generator(begun, user):
    task = await begun(user(asyncio.StreamReader()))
    expected = f"StreamReader.readexactly in {place(numbers, 'readexactly')}"
    assert waits_for(task) == expected


async def test_it_looks_into_a_generator_that_is_being_closed(begun):
    async def unhurried(event):
        try:
            yield 1
        finally:
            await event.wait()

    async def closes():
        async with contextlib.aclosing(unhurried(asyncio.Event())) as stream:
            await anext(stream)

    task = await begun(closes())
    assert waits_for(task) == f"Event.wait in {place(unhurried, '.wait()')}"


async def test_it_names_a_lock(begun):
    lock = asyncio.Lock()
    await lock.acquire()
    task = await begun(holds(lock))
    assert waits_for(task) == f"Lock.acquire in {place(holds, 'async with')}"
    task = await begun(stacks(lock))
    assert waits_for(task) == f"Lock.acquire in {place(stacks, 'await')}"


async def test_it_names_the_task_that_is_awaited(begun):
    alice = await begun(sleeps(), name="alice")
    nameless = await begun(sleeps())
    there = place(awaits, "await awaitable")
    assert waits_for(await begun(awaits(alice))) == f"task 'alice' in {there}"
    assert waits_for(await begun(awaits(nameless))) == f"task 'sleeps' in {there}"


async def test_it_names_what_waits_for_several_tasks(begun):
    one = await begun(sleeps())
    assert waits_for(await begun(picks(one))) == f"wait in {place(picks, 'wait(')}"


@pytest.mark.parametrize("kind", [asyncio.Future, PythonFuture], ids=["C", "Python"])
async def test_it_names_a_future_that_nobody_else_explains(begun, kind):
    future = kind(loop=asyncio.get_running_loop())
    expected = f"a future in {place(awaits, 'await awaitable')}"
    assert waits_for(await begun(awaits(future))) == expected


async def test_it_looks_into_an_awaitable_of_somebodys_own(begun):
    ticket = Ticket(asyncio.get_running_loop().create_future())
    waits = waits_for(await begun(awaits(ticket)))
    assert re.fullmatch(
        r"a future in Ticket\.__await__ \(test_waiting\.py:\d+\)", waits
    )


async def test_it_names_a_method_with_its_class(begun):
    task = await begun(Door().knock())
    assert re.fullmatch(
        r"sleep in Door\.knock \(test_waiting\.py:\d+\)", waits_for(task)
    )


async def test_it_names_the_innermost_code_that_is_not_asyncios(begun):
    task = await begun(awaits(asyncio.wait_for(is_told(asyncio.Event()), 60)))
    if sys.version_info >= (3, 12):
        assert waits_for(task) == f"Event.wait in {place(is_told, '.wait()')}"
    else:  # there wait_for awaits in a task of its own
        assert waits_for(task) == f"wait_for in {place(awaits, 'await awaitable')}"


async def test_a_task_that_runs_only_asyncio_has_no_line(begun):
    assert waits_for(await begun(asyncio.sleep(60))) == "sleep"


async def test_a_full_buffer_is_a_wait_for_drain(begun):
    connected = asyncio.Queue()
    server = await asyncio.start_server(
        lambda *streams: connected.put_nowait(streams), "127.0.0.1", 0
    )
    async with server:
        address = server.sockets[0].getsockname()
        _, near = await asyncio.open_connection(*address)
        _, far = await connected.get()
        far.transport.pause_reading()
        while near.transport.get_write_buffer_size() < 2**20:
            near.write(bytes(2**20))

        async def sends():
            await near.drain()

        sending = await begun(sends())
        listening = await begun(server.serve_forever())
        reading = await begun(reads_all(asyncio.StreamReader()))
        expected = f"StreamWriter.drain in {place(sends, 'drain()')}"
        assert waits_for(sending) == expected
        assert waits_for(listening) == "Server.serve_forever"
        assert waits_for(reading).startswith("StreamReader.readexactly in numbers (")
        for writer in (near, far):
            writer.transport.abort()
        await asyncio.wait([sending])
        sending.exception()


async def test_a_task_that_does_not_wait_is_not_said_to_wait(begun):
    unstarted = await begun(sleeps(), turns=0)
    assert waits_for(unstarted) == "its first turn"
    unstarted.cancel()
    await asyncio.wait([unstarted])
    assert waits_for(unstarted) == "nothing: it has ended"
    assert waits_for(asyncio.current_task()) == "nothing: it is running"


async def test_it_does_without_the_private_attribute_of_tasks():
    class Other:
        """A task that shows its coroutine and nothing more."""

        def __init__(self, task):
            self.done, self.get_coro = task.done, task.get_coro

    alice = asyncio.create_task(sleeps(), name="alice")
    waiting = asyncio.create_task(awaits(alice))
    await asyncio.sleep(0)
    expected = f"task 'alice' in {place(awaits, 'await awaitable')}"
    assert waits_for(Other(waiting)) == expected
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_a_name_that_asyncio_made_up_is_no_name(begun):
    nameless = await begun(sleeps())
    alice = await begun(sleeps(), name="alice")
    assert (given_name(nameless), label(nameless)) == ("", "sleeps")
    assert (given_name(alice), label(alice)) == ("alice", "alice")


async def test_a_chain_leads_from_a_task_down_to_what_it_waits_for(begun):
    reader = asyncio.StreamReader()
    task = await begun(steps_down(reader))
    for each in (task, task.get_coro()):
        frames, end = chain(each)
        names = [frame.f_code.co_name for frame in frames]
        assert names[:3] == ["steps_down", "numbers", "readexactly"]
        expected = place(numbers, "yield await").partition(":")[2].rstrip(")")
        assert frames[1].f_lineno == int(expected)
        assert frames[1].f_code.co_filename == __file__
        assert end is task._fut_waiter or asyncio.isfuture(end) or names[-1:] != []


async def test_a_chain_leads_through_generators_and_what_asend_returns():
    def generator():
        yield "waits"

    class Awaitable:
        def __await__(self):
            yield from generator()

    async def numbers():
        await Awaitable()
        yield 1

    async def asks():
        await numbers().asend(None)

    coroutine = asks()
    coroutine.send(None)
    frames, _ = chain(coroutine)
    names = [frame.f_code.co_name for frame in frames]
    assert names == ["asks", "numbers", "__await__", "generator"]
    coroutine.close()
    assert chain(coroutine).frames == []
