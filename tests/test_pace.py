"""How fast a client talks, and what it knows of the lines that are on their way.

All of it happens in the simulation, where an hour of waiting takes no time.
"""

import asyncio
import contextlib
import socket
import struct
import sys

import pytest
from pace import ANSWER, PATIENCE, QUESTION, TICK, WINDOW, Pace

from lab import simulation, story
from lab.client import connect
from lab.host import start
from lab.network import Faults
from lab.wire import Decoder, encode

JOIN = {"action": "joinroom", "room": "tea"}
ALL = [s for s in story.steps() if s.kind in ("server", "side") and s.listens]
ANSWERING = [step for step in ALL if step.number >= "05"]
NEWEST = story.steps_of("server")[-1]

of_each_that_answers = pytest.mark.parametrize(
    "step", ANSWERING, ids=lambda step: step.name
)


def chat(text):
    return {"action": "chat", "room": "tea", "message": f"{text}"}


class Talk:
    """A client at whose keyboard there is nobody: a test tells it what to say."""

    def __init__(self, reader, writer):
        self.pace = Pace(reader, writer)
        self.pace.idle = False  # there is always more to say
        self.writer = writer
        self.heard = []
        self.tasks = {
            asyncio.create_task(self.listen()),
            asyncio.create_task(self.pace.watch()),
        }

    async def listen(self):
        async for message in self.pace.hear():
            self.heard.append(message)
            if message["action"] == "ping":
                await self.pace.send({"action": "pong"})

    async def says(self, *messages):
        for message in messages:
            await self.pace.say(message)

    async def says_all(self, count):
        """Join, say so many lines, say that it was all, and wait for the end."""
        await self.says(JOIN, *map(chat, range(count)))
        await self.pace.finish()
        return await self.ends()

    async def ends(self):
        """Wait as client01 does, and return what may be lost."""
        await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        return self.pace.losses()


@contextlib.asynccontextmanager
async def talk(address, name="alice"):
    """Connect a client that says no more than it should."""
    talking = Talk(*await asyncio.open_connection(*address))
    await talking.pace.send({"action": "connect", "username": name})
    try:
        yield talking
    finally:
        for task in talking.tasks:
            task.cancel()
        await asyncio.gather(*talking.tasks, return_exceptions=True)
        talking.writer.close()


@contextlib.asynccontextmanager
async def serving(attend):
    """Start a server that attends to each client in this way."""
    attending = set()

    async def client_connected(reader, writer):
        attending.add(asyncio.current_task())
        try:
            await attend(messages(reader), writer)
        finally:
            writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        try:
            yield server.sockets[0].getsockname()[:2]
        finally:
            for task in attending:  # one that is dead does not end by itself
                task.cancel()


async def messages(reader):
    decoder = Decoder()
    while data := await reader.read(2**16):
        for message in decoder.feed(data):
            yield message


def answer(writer, message):
    if message["action"] in ("joinroom", "leaveroom"):
        writer.write(encode({**message, "from": "alice"}))


def simulated(act, **options):
    return simulation.run(act(), until=3600, **options)


async def said_in_a_busy_room(step, count, settings=None):
    """Let alice say so much while ann talks; return what ann heard and is lost."""
    async with await start(step, settings=settings) as server:
        ann = await server.connect("ann")
        await ann.join("tea")

        async def chatter():
            while True:
                await asyncio.sleep(1.0)
                await ann.say("tea", "hm")

        chatting = asyncio.create_task(chatter())
        async with talk(server.address) as alice:
            lost = await alice.says_all(count)
        ann.timeout = 60  # all that may still be on its way
        await ann.hear("leaveroom")
        chatting.cancel()
        told = {message["action"] for message in alice.heard}
        heard = [m["message"] for m in ann.heard if m["action"] == "chat"]
        return heard, lost, told


@of_each_that_answers
def test_all_of_a_file_is_heard_while_others_talk(step):
    heard, lost, told = simulated(lambda: said_in_a_busy_room(step, 100))
    assert heard == [f"{n}" for n in range(100)]
    assert (lost, told - {"chat"}) == ([], {"joinroom"})


@pytest.mark.parametrize(
    ("count", "settings"),
    [
        (1000, {}),  # for longer than anybody may talk without a rest
        (100, {"RATE": "2.0"}),
        (100, {"RATE": "2.0", "BURST": "1.0"}),
        (300, {"RATE": "100.0"}),
    ],
    ids=str,
)
def test_no_pace_of_a_server_is_too_slow(count, settings):
    heard, lost, told = simulated(lambda: said_in_a_busy_room(NEWEST, count, settings))
    assert heard == [f"{n}" for n in range(count)]
    assert (lost, told - {"chat"}) == ([], {"joinroom"})


def test_a_step_that_never_answers_is_told_all_and_asked_nothing():
    async def act():
        async with await start("03") as server:
            async with talk(server.address) as alice:
                assert await alice.says_all(100) == []
            return str(server.transcript)

    printed = simulated(act)
    assert printed.count("chat: ") == 100
    assert QUESTION not in printed


@pytest.mark.parametrize("seconds", [0.01, 0.3, 0.8, 2.0, 4.75])
def test_a_server_that_takes_its_time_is_waited_for(seconds):
    read = []

    async def attend(came, writer):
        async for message in came:
            await asyncio.sleep(seconds / WINDOW)
            read.append(message.get("message"))
            answer(writer, message)

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            return await alice.says_all(50)

    assert simulated(act) == []
    assert [text for text in read if text] == [f"{n}" for n in range(50)]


def test_there_are_never_more_lines_on_their_way_than_the_window():
    most, unread = [0], [0]

    async def attend(came, writer):
        async for message in came:
            await asyncio.sleep(0.1)
            unread[0] -= message["action"] == "chat"
            answer(writer, message)

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            await alice.says(JOIN)
            for number in range(100):
                await alice.says(chat(number))
                unread[0] += 1
                most[0] = max(most[0], unread[0])

    simulated(act)
    assert most[0] <= WINDOW + 1


def test_one_that_answers_nothing_has_its_time_and_then_all_at_once():
    read = []

    async def attend(came, writer):
        async for message in came:
            read.append(message)

    async def act():
        clock = asyncio.get_running_loop().time
        begin = clock()
        async with serving(attend) as address, talk(address) as alice:
            return await alice.says_all(200), clock() - begin

    lost, seconds = simulated(act)
    assert lost == []
    assert len(read) == 202  # connect, joinroom
    assert seconds == pytest.approx(ANSWER + TICK)


def test_when_nothing_is_typed_it_asks_whether_all_has_been_read():
    async def act():
        async with await start(NEWEST) as server, talk(server.address) as alice:
            await alice.says(JOIN, chat("hello"))
            alice.pace.idle = True
            await asyncio.sleep(2 * TICK)
            assert (alice.pace.said, alice.pace.read) == (2, 2)
            await asyncio.sleep(1000)  # and nobody minds that nothing happens
            assert not any(task.done() for task in alice.tasks)
            return {m["action"] for m in alice.heard}

    assert simulated(act) == {"joinroom", "ping"}


@pytest.mark.parametrize("reads", [True, False], ids=["reads", "reads nothing"])
def test_one_that_is_dead_is_waited_for_in_vain_and_not_for_ever(reads):
    async def attend(came, writer):
        async for message in came:
            answer(writer, message)
            if message["action"] == "chat":
                break
        while reads:
            await anext(came, None)
            await asyncio.sleep(1)
        await asyncio.Event().wait()

    async def act():
        clock = asyncio.get_running_loop().time
        async with serving(attend) as address, talk(address) as alice:
            begin = clock()
            lost = await alice.says_all(5)
            return lost, clock() - begin

    lost, seconds = simulated(act)
    assert lost == ["Of 6 lines, the last 5 may not have arrived."]
    assert PATIENCE * TICK <= seconds <= (PATIENCE + 2) * TICK


def test_one_that_talks_on_and_never_hangs_up_is_left_when_all_has_been_read():
    async def attend(came, writer):
        async for message in came:
            answer(writer, message)
        while True:
            await asyncio.sleep(1)
            writer.write(encode({**chat("hm"), "from": "ann"}))

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            return await alice.says_all(5)

    assert simulated(act) == []


def test_what_the_others_say_is_a_sign_of_life_while_something_is_on_its_way():
    async def attend(came, writer):
        chatting = asyncio.create_task(chatter(writer))
        async for _ in came:
            await asyncio.sleep(10)
        chatting.cancel()

    async def chatter(writer):
        while True:
            await asyncio.sleep(1)
            writer.write(encode({**chat("hm"), "from": "ann"}))

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            return await alice.says_all(30)

    assert simulated(act) == []


def test_bytes_that_go_are_a_sign_of_life():
    async def client_connected(reader, writer):
        try:
            while True:
                if not await reader.read(2000):
                    break
                await asyncio.sleep(0.1)
        finally:
            writer.close()

    async def act():
        server = await asyncio.start_server(client_connected, "127.0.0.1", 0)
        async with server, talk(server.sockets[0].getsockname()) as alice:
            alice.pace.heard = 1  # it is worth asking
            await alice.says(JOIN, chat("x" * 1_000_000))
            await alice.pace.finish()
            return await alice.ends()

    assert simulated(act) == []


@pytest.mark.parametrize("step", ["05", "07", NEWEST.name])
@pytest.mark.parametrize("lived", [0.0, 0.01, 0.7, 3.14])
def test_when_the_server_stops_no_lost_line_is_taken_for_read(step, lived):
    async def act():
        async with await start(step) as server, talk(server.address) as alice:
            bob = await connect(server, "bob")  # who is not the server's to close
            await bob.join("tea")
            speaking = asyncio.create_task(alice.says_all(100_000))
            await asyncio.sleep(lived)
            await server.stop()
            await alice.ends()
            await bob.hear_the_end()
            speaking.cancel()
            await asyncio.wait({speaking})
            heard = [m["message"] for m in bob.heard if m["action"] == "chat"]
            return len(heard), alice.pace

    # With a network as slow as this one, not all happens in the same moment.
    heard, known = simulated(act, faults=Faults(latency=0.003))
    assert not known.finished
    assert known.read - 1 <= heard <= known.said - 1  # one is the joining
    assert known.said - known.read <= WINDOW


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (chat("x" * 70_000), "too_large"),
        ({"action": "joinroom", "room": "r" * 65}, "bad_room"),
        ({**chat("hello"), "room": "coffee"}, "not_in_room"),
    ],
    ids=["too_large", "bad_room", "not_in_room"],
)
def test_a_refused_line_is_told_and_what_comes_after_it(line, code):
    async def act():
        async with await start(NEWEST) as server, talk(server.address) as alice:
            await alice.says(JOIN, line, chat("the last"))
            await alice.pace.finish()
            return await alice.ends(), alice.heard[-1]

    losses, last = simulated(act)
    assert last["code"] == code
    lost = ["Of 3 lines, the last 2 may not have arrived."]
    assert losses == (lost if code == "too_large" else []) + ["Refused lines: 1."]


def end(writer):
    writer.write_eof()


def break_off(writer):
    on_for_no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_for_no_time)
    writer.close()


def cut(writer):
    writer.write(encode(chat("half of it"))[:9])
    writer.write_eof()


def say_goodbye(writer):
    writer.write(encode({"action": "bye", "reason": "on purpose"}))
    writer.write_eof()


@pytest.mark.parametrize(
    ("over", "lost"),
    [(end, 0), (break_off, 2), (cut, 2), (say_goodbye, 2)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_only_an_end_without_a_but_means_that_all_has_been_read(over, lost):
    async def attend(came, writer):
        async for _ in came:
            pass
        over(writer)

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            await alice.says_all(1)
            return alice.pace.said - alice.pace.read

    assert simulated(act) == lost


def test_an_end_before_ours_says_nothing_of_what_was_read():
    async def attend(came, writer):
        writer.write_eof()
        async for _ in came:
            pass

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            await alice.says(JOIN, chat("hello"))
            return await alice.ends()

    assert simulated(act) == ["Of 2 lines, the last 2 may not have arrived."]


def test_a_part_of_a_message_is_an_error_and_not_the_end():
    async def attend(came, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.write_eof()
        async for _ in came:
            pass

    async def act():
        async with serving(attend) as address:
            reader, writer = await asyncio.open_connection(*address)
            with pytest.raises(EOFError, match="the end of a message is missing"):
                await anext(Pace(reader, writer).hear())
            writer.close()

    simulated(act)


def test_a_line_that_is_too_long_for_a_frame_is_not_said():
    async def attend(came, writer):
        async for _ in came:
            pass

    async def act():
        async with serving(attend) as address, talk(address) as alice:
            with pytest.raises(OverflowError):
                await alice.says(chat("x" * 2**24))
            await alice.says(chat("hello"))
            await alice.pace.finish()
            return await alice.ends(), alice.pace.said

    assert simulated(act) == ([], 1)


async def test_to_talk_to_one_that_has_gone_disturbs_nobody(caplog):
    async def attend(came, writer):
        await anext(came)
        break_off(writer)

    async with serving(attend) as address, talk(address) as alice:
        await asyncio.wait(alice.tasks, return_when=asyncio.FIRST_COMPLETED)
        await alice.says(JOIN, *map(chat, range(WINDOW - 1)))
        assert alice.pace.losses()
    assert caplog.records == []
