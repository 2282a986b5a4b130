"""The network in memory beside real TCP: the same cases, and what was seen in each.

Each case is a coroutine function without arguments that returns what it has observed.
It is run twice, on a real loop and on ours, and both have to have seen the same. What
Python itself does differently from version to version is thereby the same, too.
"""

import asyncio
import contextlib
import contextvars
import errno
import functools
import gc
import socket
import struct
import sys

import pytest
from this_python import disconnects_after_a_failure

from lab import simulation, start
from lab.behaviours.bench import Bench
from lab.network import Faults, Network, Observer, install, link_of
from lab.network.faults import GIVES_UP
from lab.network.network import FIRST_PORT

CASES = []
LARGE = 8 * 2**20  # bytes: more than any loopback holds between two ends
NO_TIME = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def case(function):
    CASES.append(function)
    return function


class Noting(asyncio.Protocol):
    """A protocol that notes what it is told."""

    def __init__(self, keeps_open=False):
        self.notes = []
        self.data = bytearray()
        self.keeps_open = keeps_open
        self.made = asyncio.Event()
        self.came = asyncio.Event()
        self.ended = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()
        self.may_write = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        self.notes.append("made")
        self.made.set()

    def data_received(self, data):
        if not self.data:
            self.notes.append("data")
            self.came.set()
        self.data += data

    def eof_received(self):
        self.notes.append("eof")
        self.ended.set()
        return self.keeps_open

    def pause_writing(self):
        self.notes.append("pause")
        self.may_write.clear()

    def resume_writing(self):
        self.notes.append("resume")
        self.may_write.set()

    def connection_lost(self, error):
        self.notes.append(f"lost: {type(error).__name__}")
        self.lost.set_result(error)


@contextlib.asynccontextmanager
async def two_protocols(keeps_open=False):
    """Yield the protocols of a connection's two ends: the client's, the server's."""
    loop = asyncio.get_running_loop()
    theirs = Noting(keeps_open)
    server = await loop.create_server(lambda: theirs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, ours = await loop.create_connection(Noting, "127.0.0.1", port)
    await theirs.made.wait()
    try:
        yield ours, theirs
    finally:
        server.close()
        for end in (ours, theirs):
            if not end.lost.done():
                end.transport.abort()
            await end.lost


@contextlib.asynccontextmanager
async def served(handler):
    """Yield a server on streams, and its port."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    try:
        yield server, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def two_streams():
    """Yield a connection's two pairs of streams: the client's, the server's."""
    connected = asyncio.get_running_loop().create_future()
    async with served(lambda *streams: connected.set_result(streams)) as (_, port):
        ours = await asyncio.open_connection("127.0.0.1", port)
        theirs = await connected
        try:
            yield ours, theirs
        finally:
            for _, writer in (ours, theirs):
                writer.transport.abort()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()


async def echo(reader, writer):
    """Send back what comes, until it ends."""
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


async def turned(reader, writer, times=3):
    """Let the loop turn until an echo has come back, some times."""
    for _ in range(times):
        writer.write(b"?")
        assert await reader.readexactly(1) == b"?"


async def error_of(awaitable):
    """Return the name of what an awaitable raises."""
    try:
        await awaitable
    except Exception as error:
        return type(error).__name__
    return "nothing"


# Protocols and transports.


@case
async def the_ends_have_each_others_names():
    async with two_protocols() as (ours, theirs):
        names = [
            end.transport.get_extra_info(name)
            for end in (ours, theirs)
            for name in ("sockname", "peername")
        ]
        assert names[0] == names[3]
        assert names[1] == names[2]
        sock = ours.transport.get_extra_info("socket")
        assert (sock.getsockname(), sock.getpeername()) == tuple(names[:2])
        return [names[0][0], names[1][0], len(names[0]), sock.family, sock.type]


@case
async def what_is_written_arrives_after_connection_made():
    loop = asyncio.get_running_loop()
    theirs = Noting()

    class Hasty(Noting):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.write(b"first words")
            transport.write_eof()

    server = await loop.create_server(lambda: theirs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, ours = await loop.create_connection(Hasty, "127.0.0.1", port)
    await ours.lost
    await theirs.lost
    server.close()
    return [ours.notes, theirs.notes, bytes(theirs.data)]


@case
async def the_end_of_a_stream_closes_a_protocol_that_does_not_mind():
    async with two_protocols() as (ours, theirs):
        ours.transport.write(b"bye")
        ours.transport.write_eof()
        await theirs.lost
        await ours.lost
        return [ours.notes, theirs.notes, bytes(theirs.data)]


@case
async def one_direction_can_end_and_the_other_go_on():
    async with two_protocols(keeps_open=True) as (ours, theirs):
        ours.transport.write(b"question")
        ours.transport.write_eof()
        await theirs.ended.wait()
        open_still = not theirs.transport.is_closing()
        theirs.transport.write(b"answer")
        theirs.transport.close()
        await ours.lost
        await theirs.lost
        return [open_still, bytes(ours.data), ours.notes, theirs.notes]


@case
async def what_cannot_be_written_is_refused():
    async with two_protocols() as (ours, _):
        refused = []
        for data in ("text", None, 7):
            try:
                ours.transport.write(data)
            except TypeError as error:
                refused.append(str(error))
        ours.transport.write(b"")
        ours.transport.write_eof()
        ours.transport.write_eof()
        try:
            ours.transport.write(b"more")
        except RuntimeError as error:
            refused.append(str(error))
        return refused


@case
async def a_buffer_that_is_used_again_is_sent_as_it_was():
    async with two_protocols() as (ours, theirs):
        buffer = bytearray(b"before")
        ours.transport.write(buffer)
        buffer[:] = b"after!"
        ours.transport.write(memoryview(buffer)[:5])
        ours.transport.writelines([b"1", bytearray(b"2"), memoryview(b"3")])
        ours.transport.close()
        await theirs.lost
        return bytes(theirs.data)


@case
async def the_protocol_is_paused_and_resumed():
    async with two_protocols() as (ours, theirs):
        theirs.transport.pause_reading()
        limits = ours.transport.get_write_buffer_limits()
        ours.transport.write(bytes(LARGE))
        full = ours.transport.get_write_buffer_size() > limits[1]
        reading = [theirs.transport.is_reading()]
        theirs.transport.resume_reading()
        reading.append(theirs.transport.is_reading())
        await ours.may_write.wait()
        little = ours.transport.get_write_buffer_size() <= limits[0]
        ours.transport.close()
        await theirs.lost
        await ours.lost
        return [limits, full, little, reading, len(theirs.data), ours.notes]


@case
async def the_limits_of_a_buffer_can_be_set():
    async with two_protocols() as (ours, _):
        seen = []
        for limits in ({"high": 100}, {"low": 10}, {"high": 7, "low": 7}, {"high": 0}):
            ours.transport.set_write_buffer_limits(**limits)
            seen.append(ours.transport.get_write_buffer_limits())
        try:
            ours.transport.set_write_buffer_limits(high=1, low=2)
        except ValueError:
            seen.append("refused")
        ours.transport.set_write_buffer_limits()
        return [*seen, ours.transport.get_write_buffer_limits()]


@case
async def a_lower_limit_pauses_at_once():
    async with two_protocols() as (ours, theirs):
        theirs.transport.pause_reading()
        ours.transport.set_write_buffer_limits(high=2 * LARGE)
        ours.transport.write(bytes(LARGE))
        before = list(ours.notes)
        ours.transport.set_write_buffer_limits(high=0)
        return [before, ours.notes]


@case
async def closing_sends_what_is_kept():
    async with two_protocols() as (ours, theirs):
        ours.transport.write(bytes(LARGE))
        ours.transport.close()
        closing = ours.transport.is_closing()
        ours.transport.close()
        await theirs.lost
        await ours.lost
        return [closing, len(theirs.data), theirs.notes, ours.notes]


@case
async def aborting_throws_away_what_is_kept():
    async with two_protocols() as (ours, theirs):
        theirs.transport.pause_reading()
        ours.transport.write(bytes(LARGE))
        kept = ours.transport.get_write_buffer_size() > 0
        ours.transport.abort()
        left = ours.transport.get_write_buffer_size()
        await ours.lost
        theirs.transport.resume_reading()
        await theirs.lost
        return [kept, left, len(theirs.data) < LARGE, ours.notes, theirs.notes]


@case
async def nobody_is_called_back_from_within_a_call():
    async with two_protocols() as (ours, theirs):
        ours.transport.abort()
        theirs.transport.close()
        return [ours.notes, theirs.notes]


@case
async def writing_to_what_is_closed_is_passed_over():
    async with two_protocols() as (ours, theirs):
        ours.transport.close()
        for _ in range(3):
            ours.transport.write(b"lost")
        ours.transport.write_eof()
        await theirs.lost
        await ours.lost
        ours.transport.close()
        ours.transport.abort()
        return [bytes(theirs.data), ours.notes, ours.transport.is_closing()]


@case
async def a_reset_reaches_the_other_end():
    async with two_protocols() as (ours, theirs):
        sock = ours.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_TIME)
        ours.transport.abort()
        await theirs.lost
        return [ours.notes, theirs.notes]


@case
async def closing_without_having_read_is_a_reset():
    async with two_protocols() as (ours, theirs):
        theirs.transport.pause_reading()
        ours.transport.write(b"unheard")
        theirs.transport.write(b"!")
        await ours.came.wait()  # by now ours has come, too
        theirs.transport.close()
        await ours.lost
        return [ours.notes, theirs.notes]


@case
async def writing_to_one_who_has_gone_fails_in_the_end():
    async with two_protocols(keeps_open=True) as (ours, theirs):
        ours.keeps_open = True
        theirs.transport.close()
        await ours.ended.wait()
        written = 0
        while not ours.lost.done():
            ours.transport.write(b"are you there?")
            written += 1
            await asyncio.sleep(0)
        return [ours.notes, written > 1]


@case
async def a_protocol_that_fails_loses_its_connection():
    class Failing(Noting):
        def data_received(self, data):
            raise LookupError("on purpose")

    loop = asyncio.get_running_loop()
    complaints = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    theirs = Failing()
    server = await loop.create_server(lambda: theirs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, ours = await loop.create_connection(Noting, "127.0.0.1", port)
    ours.transport.write(b"x")
    await theirs.lost
    await ours.lost
    server.close()
    errors = [type(context["exception"]).__name__ for context in complaints]
    return [theirs.notes, ours.notes, errors]


@case
async def another_protocol_can_go_on():
    async with two_protocols() as (ours, theirs):
        second = Noting()
        theirs.transport.set_protocol(second)
        same = theirs.transport.get_protocol() is second
        ours.transport.write(b"for the second")
        ours.transport.close()
        await second.lost
        theirs.lost.set_result(None)
        return [same, theirs.notes, second.notes, bytes(second.data)]


# Connecting and listening.


@case
async def nobody_listens():
    async with served(echo) as (_, port):
        pass
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        return [type(error).__name__, error.errno, error.strerror.split(" (")[0]]


@case
async def a_port_can_be_in_use():
    async with served(echo) as (_, port):
        try:
            await asyncio.start_server(echo, "127.0.0.1", port)
        except OSError as error:
            return [error.errno, "in use" in error.strerror]


@case
async def a_port_is_free_again_when_its_server_is_closed():
    async with served(echo) as (server, port):
        server.close()
        await server.wait_closed()
        again = await asyncio.start_server(echo, "127.0.0.1", port)
        same = again.sockets[0].getsockname() == ("127.0.0.1", port)
        again.close()
        return same


@case
async def a_host_can_be_unknown():
    unknown = "no-such-host.invalid"
    return [
        await error_of(asyncio.open_connection(unknown, 9)),
        await error_of(asyncio.start_server(echo, unknown, 0)),
    ]


@case
async def a_port_can_be_no_port():
    return [
        await error_of(asyncio.start_server(echo, "127.0.0.1", 70_000)),
        await error_of(asyncio.open_connection()),
    ]


@case
async def a_server_can_listen_everywhere():
    server = await asyncio.start_server(echo, None, 0)
    names = [sock.getsockname() for sock in server.sockets]
    (port,) = [name[1] for name in names if name[0] == "0.0.0.0"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await turned(reader, writer)
    writer.close()
    await writer.wait_closed()
    server.close()
    return port > 0


@case
async def the_name_localhost_is_this_computer():
    async with served(echo) as (_, port):
        reader, writer = await asyncio.open_connection("localhost", port)
        await turned(reader, writer)
        writer.close()
        await writer.wait_closed()
        return writer.get_extra_info("peername")[:1]


@case
async def a_client_may_come_and_go_at_once():
    theirs = [Noting() for _ in range(3)]
    left = iter(theirs)
    loop = asyncio.get_running_loop()

    server = await loop.create_server(lambda: next(left), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in range(3):
        transport, ours = await loop.create_connection(Noting, "127.0.0.1", port)
        transport.abort()
        await ours.lost
    for protocol in theirs:
        await protocol.lost
    server.close()
    return [protocol.notes for protocol in theirs]


# The server that asyncio makes.


@case
async def a_server_says_whether_it_serves():
    server = await asyncio.start_server(echo, "127.0.0.1", 0, start_serving=False)
    seen = [server.is_serving(), len(server.sockets)]
    port = server.sockets[0].getsockname()[1]
    seen.append(await error_of(asyncio.open_connection("127.0.0.1", port)))
    await server.start_serving()
    seen.append(server.is_serving())
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0)
    seen.append(await error_of(server.serve_forever()))
    server.close()
    seen += [server.is_serving(), server.sockets]
    await asyncio.wait({serving})
    seen += [serving.cancelled(), await error_of(server.serve_forever())]
    return seen


@case
async def waiting_for_a_closed_server_with_a_client():
    async with served(echo) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await turned(reader, writer)
        server.close()
        closed = asyncio.create_task(server.wait_closed())
        await turned(reader, writer)
        at_once = closed.done()
        refused = await error_of(asyncio.open_connection("127.0.0.1", port))
        writer.close()
        await writer.wait_closed()
        await closed
        return [at_once, refused]


@case
async def cancelling_serve_forever_with_a_client():
    async with served(echo) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        serving = asyncio.create_task(server.serve_forever())
        await turned(reader, writer)
        serving.cancel()
        await turned(reader, writer)
        at_once = serving.done()
        writer.close()
        await writer.wait_closed()
        await asyncio.wait({serving})
        return [at_once, serving.cancelled()]


@case
async def a_server_can_close_or_abort_its_clients():
    seen = [hasattr(asyncio.Server, "close_clients")]
    for name in ("close_clients", "abort_clients"):
        async with served(echo) as (server, port):
            if not hasattr(server, name):  # new in Python 3.13
                continue
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await turned(reader, writer)
            server.close()
            getattr(server, name)()
            await server.wait_closed()
            seen.append([name, await reader.read()])
            writer.close()
            await writer.wait_closed()
    return seen


# Streams.


@case
async def bytes_arrive_in_their_order_however_they_are_written():
    async with two_streams() as ((_, ours), (reader, _)):
        said = b"".join(bytes([number % 256]) * number for number in range(600))
        at = 0
        for size in range(600):
            ours.write(said[at : at + size])
            at += size
        ours.write_eof()
        return [await reader.read() == said, reader.at_eof()]


@case
async def a_message_can_be_cut_off():
    async with two_streams() as ((_, ours), (reader, _)):
        ours.write(b"abc")
        ours.close()
        try:
            await reader.readexactly(10)
        except asyncio.IncompleteReadError as error:
            return [error.partial, error.expected]


@case
async def drain_waits_until_somebody_reads():
    async with two_streams() as ((_, ours), (reader, _)):
        ours.write(bytes(LARGE))
        draining = asyncio.create_task(ours.drain())
        half = len(await reader.readexactly(1000))
        waited = not draining.done()
        ours.write_eof()
        rest = len(await reader.read())
        await draining
        return [waited, half + rest]


@case
async def drain_fails_when_the_reader_goes():
    async with two_streams() as ((_, ours), (_, theirs)):
        theirs.transport.pause_reading()
        ours.write(bytes(LARGE))
        draining = asyncio.create_task(ours.drain())
        await asyncio.sleep(0)
        theirs.transport.abort()
        return await error_of(draining)


@case
async def a_reset_is_raised_where_somebody_reads():
    async with two_streams() as ((_, ours), (reader, theirs)):
        sock = ours.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_TIME)
        ours.transport.abort()
        return [await error_of(reader.read()), await error_of(theirs.wait_closed())]


@case
async def a_handler_that_fails():
    async def fail(reader, writer):
        raise LookupError("on purpose")

    complaints = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: complaints.append(type(context["exception"]).__name__)
    )
    async with served(fail) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if disconnects_after_a_failure():
            await reader.read()
        else:  # no end will come: see that another client is served, and this one waits
            async with served(echo) as (_, other):
                streams = await asyncio.open_connection("127.0.0.1", other)
                await turned(*streams)
                streams[1].close()
        ended = reader.at_eof()
        writer.transport.abort()
        await writer.wait_closed()
        while not complaints:  # of a task that is collected, once its client has gone
            gc.collect()
            await asyncio.sleep(0)
        return [ended, complaints]


@case
async def a_handler_that_returns_and_leaves_the_line_open():
    async def go(reader, writer):
        pass

    async with served(go) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # When a later client has been attended to, the first one has been, too.
        async with served(echo) as (_, other):
            await turned(*await asyncio.open_connection("127.0.0.1", other))
        gc.collect()
        closed = reader.at_eof()
        writer.transport.abort()
        await writer.wait_closed()
        return [closed]


@case
async def a_plain_function_may_attend():
    seen = []

    def serve_client(reader, writer):
        seen.append(type(reader).__name__)
        writer.write(b"hello")
        writer.close()

    async with served(serve_client) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        seen.append(await reader.read())
        writer.close()
        await writer.wait_closed()
        return seen


@case
async def a_handler_runs_in_the_context_of_its_server():
    where = contextvars.ContextVar("where", default="nowhere")

    async def tell(reader, writer):
        writer.write(where.get().encode())
        writer.close()

    where.set("server")
    async with served(tell) as (_, port):
        where.set("client")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        got = await reader.read()
        writer.close()
        await writer.wait_closed()
        return got


@case
async def many_clients_are_attended_to_at_once():
    async with served(echo) as (_, port):
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for reader, writer in reversed(streams):
            await turned(reader, writer, 1)
        for _, writer in streams:
            writer.close()
            await writer.wait_closed()
        return len(streams)


# In these a real loop would leave an open transport to the collector on some versions.
LEAVES_IT_OPEN = {
    "a_handler_that_fails",
    "a_handler_that_returns_and_leaves_the_line_open",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_network_in_memory_does_what_tcp_does(case, recwarn):
    on_tcp = asyncio.run(case())
    in_memory = simulation.run(case())
    gc.collect()
    assert on_tcp not in (None, [])
    assert in_memory == on_tcp
    warned = [str(warning.message) for warning in recwarn]
    assert warned == [] or case.__name__ in LEAVES_IT_OPEN, warned


# What only this network has: bad days, a clock, and somebody who looks from above.


def simulated(**options):
    """Let a test be a coroutine function that runs in a simulation."""

    def decorate(test):
        @functools.wraps(test)
        def run(*arguments, **fixtures):
            simulation.run(test(*arguments, **fixtures), **options)

        return run

    return decorate


def now():
    return asyncio.get_running_loop().time()


@contextlib.asynccontextmanager
async def connected(faults=None, keeps_open=True):
    """Yield the protocols of a connection that may be rough, the client's first."""
    network = asyncio.get_running_loop().network
    theirs = Noting(keeps_open)
    server = await network.create_server(lambda: theirs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, ours = await network.create_connection(
        lambda: Noting(keeps_open), "127.0.0.1", port, faults=faults
    )
    await theirs.made.wait()
    try:
        yield ours, theirs
    finally:
        server.close()
        for end in (ours, theirs):
            end.transport.abort()
            await end.lost


async def goodbye(reader, writer):
    """Hang up, and wait until the other end has done so, too."""
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


def link(protocol):
    """Return what lies between this end of a connection and the other."""
    return link_of(protocol.transport.get_extra_info("socket"))


class Timing(Noting):
    """A protocol that notes what comes, and when."""

    def __init__(self):
        super().__init__(keeps_open=True)
        self.times = []

    def data_received(self, data):
        super().data_received(data)
        self.times.append((now(), bytes(data)))


# Late, and in pieces.


@simulated()
async def test_everything_takes_the_latency_to_arrive():
    async with connected(Faults(latency=0.5)) as (ours, theirs):
        assert now() == 1.0  # a call has to be answered, too
        ours.transport.write(b"there")
        await theirs.came.wait()
        assert now() == 1.5
        theirs.transport.write(b"and back")
        await ours.came.wait()
        assert now() == 2.0
        ours.transport.close()
        await theirs.ended.wait()
        assert now() == 2.5


@simulated()
async def test_without_faults_nothing_takes_any_time():
    async with connected() as (ours, theirs):
        ours.transport.write(bytes(LARGE))
        ours.transport.close()
        await theirs.ended.wait()
        assert (now(), len(theirs.data)) == (0.0, LARGE)


@simulated(seed=3)
async def test_jitter_delays_more_and_less_and_keeps_the_order():
    faults = Faults(latency=0.1, jitter=1.0)
    async with connected(faults) as (ours, theirs):
        timing = Timing()
        theirs.transport.set_protocol(timing)
        sent = {}
        for number in range(50):
            word = b"%02d" % number
            sent[word] = now()
            ours.transport.write(word)
            await asyncio.sleep(0.4)
        ours.transport.write_eof()
        await timing.ended.wait()
        theirs.lost.set_result(None)
        words = b"".join(sent)
        assert bytes(timing.data) == words
        came = {
            data[at : at + 2]: when
            for when, data in timing.times
            for at in range(0, len(data), 2)
        }
        late = [came[word] - sent[word] for word in sent]
        assert 0.1 <= min(late) < 0.3
        assert 0.9 < max(late) <= 1.1
        assert len(timing.times) < 50  # some have waited for one that was later


async def portions(written, faults):
    """Return what comes together when these are written, one right after the other."""
    async with connected(faults) as (ours, theirs):
        timing = Timing()
        theirs.transport.set_protocol(timing)
        for data in written:
            ours.transport.write(data)
        ours.transport.write_eof()
        await timing.ended.wait()
        theirs.lost.set_result(None)
        return [data for _, data in timing.times]


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_what_is_sent_at_once_arrives_in_pieces_and_nothing_is_lost(jitter):
    text = bytes(range(256))
    faults = Faults(split=0.5, jitter=jitter)
    counts = set()
    for seed in range(20):
        pieces = simulation.run(portions([text], faults), seed=seed)
        assert b"".join(pieces) == text
        counts.add(len(pieces))
    assert 1 in counts
    assert len(counts) > 3


def test_with_a_chance_of_one_everything_is_cut_into_pieces():
    pieces = simulation.run(portions([b"word"] * 3, Faults(split=1.0)))
    assert b"".join(pieces) == b"word" * 3
    # Cut at least once each: three times two pieces, of which some may come together.
    assert len(pieces) >= 4


def test_what_is_sent_in_pieces_arrives_at_once():
    assert simulation.run(portions([b"a", b"b", b"c"], Faults())) == [b"abc"]


# Refused and broken off.


@pytest.mark.parametrize(("chance", "refused"), [(0.0, 0), (1.0, 50)])
def test_a_call_is_refused_always_or_never(chance, refused):
    async def calls():
        network = asyncio.get_running_loop().network
        errors = []
        async with served(echo) as (_, port):
            for _ in range(50):
                try:
                    streams = await network.open_connection(
                        "127.0.0.1", port, faults=Faults(refused=chance)
                    )
                except ConnectionRefusedError as error:
                    errors.append(error.errno)
                else:
                    await goodbye(*streams)
        return errors

    assert simulation.run(calls()) == [errno.ECONNREFUSED] * refused


def test_calls_are_refused_now_and_then_and_the_same_ones_with_the_same_seed():
    async def calls():
        network = asyncio.get_running_loop().network
        refused = []
        async with served(echo) as (_, port):
            for number in range(100):
                try:
                    streams = await network.open_connection(
                        "127.0.0.1", port, faults=Faults(refused=0.5)
                    )
                    await goodbye(*streams)
                except ConnectionRefusedError:
                    refused.append(number)
        return refused

    first, again, other = (simulation.run(calls(), seed=seed) for seed in (1, 1, 2))
    assert 30 < len(first) < 70
    assert first == again != other


async def told(faults):
    """Return how much two ends hear that both send 100 bytes, and how they are lost.

    None for an end that hears nothing of a loss within an hour.
    """
    async with connected(faults) as ends:
        for end in ends:
            for size in (7, 7, 7, 79):
                end.transport.write(bytes(size))
        await asyncio.sleep(3600)
        return [
            (len(end.data), end.lost.result() if end.lost.done() else None)
            for end in ends
        ]


def test_a_reset_strikes_at_a_byte_and_what_came_before_it_arrives():
    places, directions = set(), set()
    for seed in range(200):
        faults = Faults(reset=1.0, within=20, latency=0.1)
        (ours, why), (theirs, why_too) = simulation.run(told(faults), seed=seed)
        assert type(why) is type(why_too) is ConnectionResetError
        # The other direction was first, and is whole; or was not, and nothing came.
        (place,) = {ours, theirs} - {0, 100}
        assert {ours, theirs} <= {place, 0, 100}
        places.add(place)
        directions.add("ours" if place == ours else "theirs")
    assert places == set(range(1, 21))
    assert directions == {"ours", "theirs"}


def test_a_reset_beyond_what_is_sent_never_strikes():
    ends = simulation.run(told(Faults(reset=1.0, within=10**9)))
    assert ends == [(100, None), (100, None)]


def test_a_reset_may_strike_at_the_first_byte_only():
    ends = simulation.run(told(Faults(reset=1.0, within=1)))
    assert min(ends, key=lambda end: end[0])[0] <= 1
    assert 1 in [heard for heard, _ in ends]


@simulated()
async def test_a_connection_can_be_reset_on_purpose():
    async with connected(Faults(latency=1.0)) as (ours, theirs):
        ours.transport.write(b"still on its way")
        between = link(ours)
        assert not between.was_reset
        between.reset()
        errors = await ours.lost, await theirs.lost
        assert [error.errno for error in errors] == [errno.ECONNRESET] * 2
        assert between.was_reset
        assert (now(), bytes(theirs.data)) == (2.0, b"")
        await asyncio.sleep(10)
        assert theirs.notes == ["made", "lost: ConnectionResetError"]


# Dead: nothing arrives, and nobody is told.


@simulated(capacity=1000)
async def test_on_a_dead_connection_nothing_arrives_in_either_direction():
    async with connected(Faults(latency=0.1)) as (ours, theirs):
        link(ours).die()
        ours.transport.write(b"hello?")
        theirs.transport.write(b"hello?")
        await asyncio.sleep(GIVES_UP - 1)
        assert ours.notes == theirs.notes == ["made"]


@simulated()
async def test_who_sends_on_a_dead_connection_is_told_after_a_quarter_of_an_hour():
    async with connected(Faults(latency=0.1)) as (ours, theirs):
        link(ours).die()
        await asyncio.sleep(100)
        begin = now()
        ours.transport.write(b"hello?")
        ours.transport.write(b"is anybody there?")
        error = await ours.lost
        assert now() == begin + GIVES_UP
        assert (type(error), error.errno) == (TimeoutError, errno.ETIMEDOUT)
        await asyncio.sleep(10 * GIVES_UP)
        assert theirs.notes == ["made"]  # who only listens is never told


@simulated()
async def test_what_was_on_its_way_when_the_connection_died_is_missed_by_its_sender():
    async with connected(Faults(latency=5.0)) as (ours, theirs):
        ours.transport.write(b"hello?")
        await asyncio.sleep(1)
        begin = now()
        link(ours).die()
        error = await ours.lost
        assert (now(), error.errno) == (begin + GIVES_UP, errno.ETIMEDOUT)
        assert theirs.notes == ["made"]


@simulated()
@pytest.mark.parametrize("faults", [None, Faults(latency=0.1)])
async def test_any_connection_can_be_cut_by_the_name_of_one_end(faults):
    network = asyncio.get_running_loop().network
    async with connected(faults) as (ours, theirs):
        theirs.transport.write(b"before")
        await asyncio.sleep(1)
        network.cut(ours.transport.get_extra_info("sockname"))
        ours.transport.write(b"hello?")
        theirs.transport.write(b"hello?")
        await asyncio.sleep(GIVES_UP - 1)
        assert (bytes(ours.data), bytes(theirs.data)) == (b"before", b"")
        assert (ours.notes, theirs.notes) == (["made", "data"], ["made"])
        await asyncio.sleep(2)
        errors = await ours.lost, await theirs.lost
        assert [error.errno for error in errors] == [errno.ETIMEDOUT] * 2


@simulated()
async def test_a_connection_that_is_not_there_cannot_be_cut():
    with pytest.raises(LookupError, match="no open connection leads to"):
        asyncio.get_running_loop().network.cut(("127.0.0.1", 1))


@simulated(capacity=1000)
async def test_to_write_to_a_dead_connection_blocks_when_the_wire_is_full():
    network = asyncio.get_running_loop().network
    begun = asyncio.get_running_loop().create_future()
    async with served(lambda *streams: begun.set_result(streams)) as (_, port):
        _, writer = await network.open_connection(
            "127.0.0.1", port, faults=Faults(latency=0.1)
        )
        _, theirs = await begun
        writer.transport.set_write_buffer_limits(high=0)
        link_of(writer.get_extra_info("socket")).die()
        writer.write(bytes(1000))
        await writer.drain()  # the wire has taken it all
        writer.write(b"!")
        begin = now()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await writer.drain()
        assert now() == begin + 60
        with pytest.raises(TimeoutError) as raised:
            await writer.drain()
        assert raised.value.errno == errno.ETIMEDOUT
        assert now() == begin + GIVES_UP
        theirs.transport.abort()
        writer.close()


def test_a_connection_dies_at_a_byte_and_only_who_sent_more_is_told():
    places = set()
    for seed in range(200):
        ends = simulation.run(told(Faults(dead=1.0, within=20)), seed=seed)
        (cut, _), (whole, _) = sorted(ends, key=lambda end: end[0])
        if whole == 100:  # what arrived before the other end's words were cut
            places.add(cut)
        losers = [error for _, error in ends if error is not None]
        assert {error.errno for error in losers} == {errno.ETIMEDOUT}
        # An end that has heard less than everything has been talking to nobody.
        assert len(losers) == [heard < 100 for heard, _ in ends].count(True)
    assert places == set(range(1, 21))


# Stalled: nothing arrives for a while.


@simulated()
async def test_a_stream_stands_still_and_goes_on_in_order():
    async with connected(Faults(stalled=1.0, stall=30.0, within=1)) as ends:
        timings = []
        for end in ends:
            timings.append(Timing())
            end.transport.set_protocol(timings[-1])
            end.transport.write(b"abc")
        await asyncio.sleep(10)
        for end in ends:
            end.transport.write(b"def")
        await asyncio.sleep(90)
        for end in ends:
            end.lost.set_result(None)
        stalled, clear = sorted(timings, key=lambda timing: -timing.times[-1][0])
        assert stalled.times == [(0.0, b"a"), (30.0, b"bcdef")]
        assert clear.times == [(0.0, b"abc"), (10.0, b"def")]


def test_of_two_things_that_strike_each_does_so_at_its_own_byte():
    async def heard():
        faults = Faults(stalled=1.0, stall=30.0, reset=1.0, within=50)
        async with connected(faults) as (ours, theirs):
            timing = Timing()
            theirs.transport.set_protocol(timing)
            ours.transport.write(bytes(100))
            await asyncio.sleep(100)
            theirs.lost.set_result(None)
            sizes = [(when, len(data)) for when, data in timing.times]
            return sizes, timing.lost.done()

    kinds = set()
    for seed in range(100):
        sizes, lost = simulation.run(heard(), seed=seed)
        assert sizes[0][1] <= 50 or sizes == [(0.0, 100)]
        assert (sum(size for _, size in sizes) <= 50) == lost
        kinds.add((*(when for when, _ in sizes), lost))
    # Reset before it can stall; stalled, and then reset; stalled only; neither, for
    # what strikes in the other direction has nothing to strike at.
    assert kinds == {(0.0, True), (0.0, 30.0, True), (0.0, 30.0, False), (0.0, False)}


@simulated()
async def test_a_stream_can_be_stalled_on_purpose():
    async with connected(Faults(latency=1.0)) as (ours, theirs):
        timing = Timing()
        theirs.transport.set_protocol(timing)
        begin = now()
        sock = theirs.transport.get_extra_info("socket")
        link(ours).stall(sock, 30)
        link(ours).stall(sock, 20)  # which changes nothing
        for word in (b"one ", b"two ", b"three"):
            ours.transport.write(word)
            await asyncio.sleep(10)
        theirs.transport.write(b"meanwhile")
        await ours.came.wait()
        assert now() == begin + 31
        ours.transport.write(b", four")
        await asyncio.sleep(60)
        theirs.lost.set_result(None)
        assert timing.times == [
            (begin + 30, b"one two three"),
            (begin + 32, b", four"),
        ]


def test_only_a_connection_with_faults_has_a_link_that_can_be_broken():
    async def ends():
        async with connected() as (plain, _):
            with pytest.raises(TypeError, match="give it some Faults"):
                link(plain)
        async with connected(Faults()) as (ours, theirs):
            return link(ours) is link(theirs)

    assert simulation.run(ends())
    with pytest.raises(TypeError, match="give it some Faults"):
        link_of(socket.socket)


@simulated(faults=Faults(latency=2.0))
async def test_the_faults_of_a_network_hold_where_nothing_else_is_said():
    async with connected() as (ours, _):
        assert now() == 4.0
        link(ours)
    async with connected(Faults()):
        assert now() == 4.0


# Ports and hosts.


async def nothing(reader, writer):
    writer.close()


def port_of(server):
    return server.sockets[0].getsockname()[1]


@simulated()
async def test_port_0_hands_out_ports_that_nobody_listens_on():
    taken = await asyncio.start_server(nothing, "127.0.0.1", FIRST_PORT + 1)
    free = [await asyncio.start_server(nothing, "127.0.0.1", 0) for _ in range(3)]
    ports = [port_of(server) for server in free]
    assert ports == [FIRST_PORT, FIRST_PORT + 2, FIRST_PORT + 3]
    again = await asyncio.start_server(nothing, "127.0.0.1", FIRST_PORT + 4)
    _, writer = await asyncio.open_connection("127.0.0.1", ports[0])
    assert writer.get_extra_info("sockname")[1] == FIRST_PORT + 5
    for server in (taken, *free, again):
        server.close()
    writer.close()


@simulated()
async def test_a_server_on_all_addresses_takes_the_port_on_each_of_them():
    for first, second in [(None, "127.0.0.1"), ("::1", "::"), ("0.0.0.0", "")]:
        server = await asyncio.start_server(nothing, first, 5000)
        with pytest.raises(OSError, match="in use") as raised:
            await asyncio.start_server(nothing, second, 5000)
        assert raised.value.errno == errno.EADDRINUSE
        server.close()


@simulated()
async def test_the_addresses_of_both_protocols_are_different_ones():
    four = await asyncio.start_server(nothing, "127.0.0.1", 5000)
    assert await error_of(asyncio.open_connection("::1", 5000)) == (
        "ConnectionRefusedError"
    )
    six = await asyncio.start_server(echo, "::1", 5000)
    reader, writer = await asyncio.open_connection("::1", 5000)
    assert writer.get_extra_info("peername") == ("::1", 5000, 0, 0)
    await goodbye(reader, writer)
    for server in (four, six):
        server.close()


@simulated()
async def test_a_server_can_listen_on_several_hosts():
    server = await asyncio.start_server(echo, ["127.0.0.1", "::1"], 5000)
    names = [sock.getsockname() for sock in server.sockets]
    assert names == [("127.0.0.1", 5000), ("::1", 5000, 0, 0)]
    for host, *_ in names:
        await goodbye(*await asyncio.open_connection(host, 5000))
    server.close()
    for host, *_ in names:
        error = await error_of(asyncio.open_connection(host, 5000))
        assert error == "ConnectionRefusedError"


@simulated()
async def test_a_server_that_cannot_have_all_its_hosts_has_none_of_them():
    other = await asyncio.start_server(nothing, "::1", 5000)
    both = asyncio.start_server(nothing, ["127.0.0.1", "::1"], 5000)
    assert await error_of(both) == "OSError"
    server = await asyncio.start_server(nothing, "127.0.0.1", 5000)
    for listening in (server, other):
        listening.close()


@pytest.mark.parametrize("what", ["ssl", "sock"])
@simulated()
async def test_what_this_network_has_not_is_refused(what):
    loop = asyncio.get_running_loop()
    refusal = f"the network in memory has no {what}="
    with pytest.raises(ValueError, match=refusal):
        await loop.create_server(Noting, "127.0.0.1", 0, **{what: True})
    with pytest.raises(ValueError, match=refusal):
        await loop.create_connection(Noting, "127.0.0.1", 1, **{what: True})
    server = await loop.create_server(Noting, "127.0.0.1", 0, **{what: None})
    server.close()


def test_a_listener_that_is_closed_resets_who_still_waits_to_be_let_in():
    async def closed_after(turns):
        """Close the server so many turns of the loop after somebody has called."""
        let_in = []
        async with served(lambda *streams: let_in.append(streams)) as (server, port):
            call = asyncio.create_task(asyncio.open_connection("127.0.0.1", port))
            for _ in range(turns):
                await asyncio.sleep(0)
            server.close()
            try:
                reader, writer = await call
            except ConnectionRefusedError:
                return "refused"
            try:
                async with asyncio.timeout(1):
                    await reader.read()
            except ConnectionResetError:
                assert not let_in
                return "reset"
            except TimeoutError:
                for end in (writer, let_in[0][1]):
                    end.close()
                return "let in"

    outcomes = [simulation.run(closed_after(turns)) for turns in range(10)]
    assert list(dict.fromkeys(outcomes)) == ["refused", "reset", "let in"]


@simulated()
async def test_who_gives_up_calling_leaves_no_open_connection_behind():
    network = asyncio.get_running_loop().network
    ended = asyncio.Event()

    async def serve_client(reader, writer):
        await reader.read()
        writer.close()
        ended.set()

    async with served(serve_client) as (_, port):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):  # the answer to the call is on its way
                await network.open_connection(
                    "127.0.0.1", port, faults=Faults(latency=1.0)
                )
        await ended.wait()
        await asyncio.sleep(10)
        assert not network.open


# On another loop, and seen from above.


def test_another_loop_can_be_given_this_network():
    async def main():
        network = install(asyncio.get_running_loop(), capacity=1000)
        assert isinstance(network, Network)
        async with served(echo) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ours = writer.get_extra_info("socket")
            assert ours in network.open
            writer.write(bytes(5000))
            assert writer.transport.get_write_buffer_size() == 4000
            assert await reader.readexactly(5000) == bytes(5000)
            await goodbye(reader, writer)
            with pytest.raises(OSError, match="in use"):
                await asyncio.start_server(echo, "127.0.0.1", port)
        refused = await error_of(asyncio.open_connection("127.0.0.1", port))
        assert refused == "ConnectionRefusedError"
        assert not network.open

    asyncio.run(main())


def test_on_a_real_loop_faults_take_real_time():
    async def main():
        network = install(asyncio.get_running_loop(), faults=Faults(latency=0.02))
        begin = now()
        async with served(echo) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await turned(reader, writer, 1)
            await goodbye(reader, writer)
        assert not network.open
        return now() - begin

    # There and back three times: to be let in, to be echoed, to say goodbye.
    assert asyncio.run(main()) >= 0.12


@simulated(capacity=1000)
async def test_the_network_knows_how_much_was_ever_kept_for_one_client():
    network = asyncio.get_running_loop().network
    async with connected() as (ours, theirs):
        port = theirs.transport.get_extra_info("sockname")[1]
        assert network.peak(port) == 0
        ours.transport.pause_reading()
        theirs.transport.write(bytes(50_000))
        theirs.transport.write(bytes(50_000))
        ours.transport.resume_reading()
        await theirs.may_write.wait()
        theirs.transport.write(bytes(2000))
        assert network.peak(port) == 99_000
    assert not network.open
    assert network.peak(port) == 99_000
    assert network.peak(port + 1) == 0


@simulated()
async def test_the_network_finds_the_end_that_faces_somebody():
    network = asyncio.get_running_loop().network
    async with connected() as (ours, theirs), connected():
        end = network.facing(ours.transport.get_extra_info("sockname"))
        assert end is theirs.transport.get_extra_info("socket")
        assert end.sends == 0
        for _ in range(3):
            theirs.transport.write(b"word")
        assert end.sends == 3
    with pytest.raises(LookupError, match="no open connection leads to"):
        network.facing(("127.0.0.1", 1))


def test_connections_can_be_dropped_and_nobody_is_told(recwarn):
    async def main():
        network = asyncio.get_running_loop().network
        server = await network.create_server(Noting, "127.0.0.1", 0)
        transport, ours = await network.create_connection(
            Noting, "127.0.0.1", port_of(server)
        )
        assert len(network.open) == 2
        network.drop()
        assert not network.open
        assert transport.is_closing()
        assert ours.notes == ["made"]
        server.close()

    simulation.run(main())
    gc.collect()
    assert not recwarn.list


def test_a_transport_that_nobody_has_closed_complains():
    async def main():
        server = await asyncio.get_running_loop().create_server(
            lambda: Noting(keeps_open=True), "127.0.0.1", 0
        )
        transport, _ = await asyncio.get_running_loop().create_connection(
            Noting, "127.0.0.1", port_of(server)
        )
        server.close()
        transport.close()  # this one only

    simulation.run(main())
    with pytest.warns(ResourceWarning, match="unclosed transport <Transport") as noted:
        gc.collect()
    assert [warning.category for warning in noted] == [ResourceWarning]


# What a behaviour may ask of it.


async def test_a_bench_in_a_real_loop_cannot_let_time_pass_or_count_writes():
    async with Bench(await start("05"), timeout=5.0) as bench:
        alice = await bench.client("alice")
        with pytest.raises(TypeError, match="only in a simulation"):
            await bench.wait(1.0)
        with pytest.raises(TypeError, match="only in a simulation"):
            bench.writes(alice)


@simulated()
async def test_a_bench_in_a_simulation_lets_an_hour_pass():
    async with Bench(await start("05"), timeout=5.0) as bench:
        begin = now()
        await bench.wait(3600)
        assert now() == begin + 3600


@simulated()
async def test_in_step_05_a_message_costs_two_writes_for_each_who_hears_it():
    async with Bench(await start("05"), timeout=5.0) as bench:
        clients = await bench.clients("alice", "bob", "cleo", room="tea")
        alice, bob, cleo = clients
        await bench.wait(1)
        before = [bench.writes(client) for client in clients]
        await alice.say("tea", "hello")
        for listener in (bob, cleo):
            await listener.hear("chat")
        after = [bench.writes(client) for client in clients]
        # Its size, and what it says.
        assert [b - a for a, b in zip(before, after, strict=True)] == [0, 2, 2]


def test_the_protocol_may_go_on_before_everything_has_left():
    kept = []

    class Told(Noting):
        def resume_writing(self):
            super().resume_writing()
            kept.append(self.transport.get_write_buffer_size())

    async def main():
        loop = asyncio.get_running_loop()
        theirs = Noting()
        server = await loop.create_server(lambda: theirs, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _, ours = await loop.create_connection(Told, "127.0.0.1", port)
        await theirs.made.wait()
        theirs.transport.pause_reading()
        ours.transport.set_write_buffer_limits(high=1500, low=500)
        ours.transport.write(bytes(3200))
        theirs.transport.resume_reading()
        ours.transport.close()
        await theirs.lost
        await ours.lost
        server.close()

    simulation.run(main(), capacity=1000)
    assert kept == [200]  # of 3200 bytes on a wire of 1000: below the low mark


class Noted(Observer):
    def __init__(self):
        self.notes = []

    def connected(self, transport, sock):
        side = "server" if sock.address[1] < FIRST_PORT + 1 else "client"
        self.notes.append(("connected", side))

    def wrote(self, transport, data):
        self.notes.append(("wrote", data))

    def sent(self, sock, data):
        self.notes.append(("sent", data))

    def received(self, sock, data):
        self.notes.append(("received", data))


def test_observers_see_the_bytes_of_all_connections_and_none_sees_less():
    observers = [Noted(), Noted(), Observer()]

    async def main():
        network = asyncio.get_running_loop().network
        network.observers.extend(observers)
        async with await start("02") as server:
            caller = await server.call()
            await caller.send(b"hello")
            await server.prints("Heard")
            network.observers.remove(observers[1])
            await caller.send(b"again")
            await server.prints("n'")

    simulation.run(main(), capacity=4)
    one, other, _ = observers
    assert one.notes[:5] == [
        ("connected", "server"),
        ("connected", "client"),
        ("wrote", b"hello"),
        ("sent", b"hell"),
        ("received", b"hell"),
    ]
    assert one.notes[5:7] == [("sent", b"o"), ("received", b"o")]
    assert other.notes == one.notes[: len(other.notes)]
    assert len(other.notes) < len(one.notes)
