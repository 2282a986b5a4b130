"""The network in memory beside real TCP: the same cases, and what was seen in each.

Each case is a coroutine function without arguments that returns what it has observed.
It is run twice, on a real loop and on ours, and both have to have seen the same. What
Python itself does differently from version to version is thereby the same, too.
"""

import asyncio
import contextlib
import contextvars
import gc
import socket
import struct
import sys

import pytest

from lab import simulation
from lab.network import Faults, Network, install
from lab.network.faults import GIVES_UP

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
        got = await reader.read()
        writer.close()
        await writer.wait_closed()
        return [got, complaints]


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

    def attend(reader, writer):
        seen.append(type(reader).__name__)
        writer.write(b"hello")
        writer.close()

    async with served(attend) as (_, port):
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
LEAVES_IT_OPEN = {"a_handler_that_returns_and_leaves_the_line_open"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_network_in_memory_does_what_tcp_does(case, recwarn):
    on_tcp = asyncio.run(case())
    in_memory = simulation.run(case())
    gc.collect()
    assert on_tcp not in (None, [])
    assert in_memory == on_tcp
    warned = [str(warning.message) for warning in recwarn]
    assert warned == [] or case.__name__ in LEAVES_IT_OPEN, warned
