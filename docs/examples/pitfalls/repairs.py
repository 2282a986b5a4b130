"""Repairs of the pitfalls, each in a few lines; all of them run here once."""

import asyncio
import json
import logging
import logging.handlers
import os
import queue
import signal
import threading
import time
import unicodedata
from asyncio import StreamReader, StreamWriter
from contextlib import aclosing, suppress
from typing import Any

WORK: list[str] = []  # what ran, in order


async def work(name: str = "work") -> str:
    """Take a turn of the loop, and note that it happened."""
    await asyncio.sleep(0)
    WORK.append(name)
    return name


async def awaited() -> None:
    """Tasks: coroutines that run, tasks that live, and cancellations that pass."""
    # await
    await work()  # not work(): that only makes a coroutine
    # end
    # blocking
    await asyncio.to_thread(time.sleep, 0.01)  # not time.sleep(0.01)
    # end
    # task
    tasks = set()
    task = asyncio.create_task(work())
    tasks.add(task)  # or use a TaskGroup
    task.add_done_callback(tasks.discard)
    # end
    await task
    # gather
    async with asyncio.TaskGroup() as group:  # not gather()
        group.create_task(work("one"))
        group.create_task(work("two"))
    # end
    # bare-except
    try:
        await work()
    except Exception:  # not a bare except, and not BaseException
        logging.exception("work failed")
    # end
    # cancel
    try:
        await work()
    except asyncio.CancelledError:
        WORK.append("cleaned up")
        raise  # always
    # end
    # yield
    for number in range(1000):
        WORK.append(str(number))
        await asyncio.sleep(0)  # the other tasks get a turn
    # end
    # whose-cancellation
    try:
        async with asyncio.timeout(1.0):
            await work()
    except TimeoutError:  # the deadline; a real cancellation passes
        WORK.append("too late")
    # end


def callback() -> None:
    """Report what went wrong in a callback: nothing awaits it."""
    # callback
    try:
        WORK.append("flushed")
    except Exception:
        logging.exception("cannot flush")  # and go on with the rest
    # end


async def streamed(reader: StreamReader, writer: StreamWriter) -> None:
    """Streams: frames, drains, ends."""
    # whole
    header = await reader.readexactly(3)  # not read(3)
    payload = await reader.readexactly(int.from_bytes(header, "little"))
    # end
    WORK.append(payload.decode())
    # drain
    writer.write(payload)
    await writer.drain()  # waits only above the high-water mark
    # end
    # unclosed
    try:
        await work()
    finally:
        writer.close()
    # end
    # wait-closed
    try:
        async with asyncio.timeout(3.0):
            await writer.wait_closed()
    except TimeoutError:
        writer.transport.abort()
    # end


async def goodbye(reader: StreamReader, writer: StreamWriter) -> None:
    """Say a last thing, and let it arrive."""
    # reset
    writer.write_eof()  # our direction ends here
    while await reader.read(2**16):
        pass  # read on, so that close() resets nothing
    writer.close()
    # end


ROOMS: dict[str, set[str]] = {"tea": {"alice", "bob"}}


async def shared() -> None:
    """Shared state: copies, critical sections, clean-up."""
    # lost-update
    members = len(ROOMS["tea"])  # read ...
    ROOMS["tea"].add(f"guest {members}")  # ... and write without an await between
    await work()
    # end
    # changed-size
    for member in list(ROOMS["tea"]):  # a copy
        await work(member)
    # end
    # clean-up
    try:
        await work()
    finally:
        ROOMS["tea"].discard("alice")
    # end


NAMES: set[str] = set()
PLACES = 0


async def admitted(name: str) -> None:
    """Take a name and a place, and give both back on every exit path."""
    global PLACES
    # free-name
    NAMES.add(name)
    try:
        await work()
    finally:
        NAMES.remove(name)
    # end
    # free-place
    PLACES += 1  # only now: a refused client never comes here
    try:
        await work()
    finally:
        PLACES -= 1
    # end


class Member:
    """A member of a room, as others see it."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer

    def send(self, frame: bytes) -> None:
        """Write without waiting, and disconnect above a limit."""
        # limit
        if self.writer.transport.get_write_buffer_size() > 2**20:
            self.writer.transport.abort()  # not close(): that waits
        else:
            self.writer.write(frame)
        # end

    def disconnect(self) -> None:
        """End the connection without waiting for the client."""
        # abort
        self.writer.transport.abort()
        # end

    def relay(self, frame: bytes) -> None:
        """Write to somebody who may be gone."""
        # dead-receiver
        if not self.writer.is_closing():
            with suppress(OSError):  # its own task will notice
                self.writer.write(frame)
        # end


def relayed(members: "list[Member]", frame: bytes) -> None:
    """Write to all members and wait for none."""
    # all-none
    for member in members:
        member.send(frame)  # no await between two members
    # end


async def measured() -> float:
    """Measure a time that never goes back."""
    # loop-time
    clock = asyncio.get_running_loop().time
    start = clock()
    await work()
    took = clock() - start  # not time.time() - start
    # end
    return took


def printed(name: str) -> None:
    """Print what a client sent, and survive it."""
    # output
    with suppress(OSError, ValueError):
        print(name, flush=True)
    # end
    # unicode-print
    print(f"{name!a} has connected")  # not {name}
    # end


async def signalled() -> None:
    """Let other programs stop the server as Ctrl-C does."""
    # sigterm
    serving = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        if serving is not None:
            loop.call_soon_threadsafe(serving.cancel)

    signal.signal(signal.SIGTERM, stop)
    # end
    os.kill(os.getpid(), signal.SIGTERM)
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(10)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def logged() -> logging.handlers.QueueListener:
    """Write the log in a thread, so that a full pipe stops nothing else."""
    # log-queue
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logging.getLogger().addHandler(logging.handlers.QueueHandler(lines))
    listener = logging.handlers.QueueListener(lines, logging.NullHandler())
    listener.start()  # it writes in a thread of its own
    # end
    return listener


def parsed(payload: bytes) -> Any:
    """Return the message in a payload, or ValueError."""
    # json
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):  # JSONDecodeError is a ValueError
        raise ValueError("bad JSON") from None
    # end
    # unhashable
    if not isinstance(message, dict) or not isinstance(message.get("room"), str):
        raise ValueError("bad message")
    # end
    return message


def encoded(message: dict[str, Any]) -> bytes:
    """Return what every JSON parser can read."""
    # dumps
    text = json.dumps(message, allow_nan=False)  # NaN raises ValueError
    return text.encode()  # a lone surrogate raises UnicodeEncodeError
    # end


def normal(room: str) -> str:
    """Return one form of a room's name."""
    # normal-form
    return unicodedata.normalize("NFC", room)
    # end


def refused(header: bytes) -> int:
    """Refuse a payload before any of it is read."""
    # header
    size = int.from_bytes(header, "little")
    if size > 2**16:
        raise ValueError("too large")
    # end
    return size


async def numbers() -> Any:
    """Yield numbers, and clean up."""
    try:
        for number in range(3):
            yield number
    finally:
        WORK.append("generator closed")


async def left_early() -> None:
    """Leave a generator in the middle."""
    # aclosing
    async with aclosing(numbers()) as payloads:
        async for payload in payloads:
            if payload == 1:
                break  # the generator's finally runs now
    # end


def typed() -> threading.Thread:
    """Read the keyboard beside the event loop."""
    # daemon
    reader = threading.Thread(target=WORK.append, args=("typed",), daemon=True)
    reader.start()
    # end
    return reader


class Bucket:
    """A rate limit: bursts of 20, and 10 a second."""

    def __init__(self) -> None:
        self.tokens, self.last = 20.0, 0.0

    async def take(self) -> None:
        """Wait until there is a token."""
        # bucket
        now = asyncio.get_running_loop().time()  # monotonic, not time.time()
        self.tokens = min(20.0, self.tokens + 10.0 * (now - self.last)) - 1.0
        self.last = now
        await asyncio.sleep(max(0.0, -self.tokens / 10.0))  # and then read on
        # end


def errors(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle what you know; pass on the rest."""
    # exception-handler
    if "accept" in context["message"]:
        logging.warning("too many open files")
    else:
        loop.default_exception_handler(context)
    # end


SERVING: set[Any] = set()


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer one frame, then end with the client."""
    SERVING.add(asyncio.current_task())
    try:
        writer.write(await reader.readexactly(5))
        while await reader.read(100):
            pass
    except (asyncio.IncompleteReadError, OSError):
        pass  # the client left early
    finally:
        writer.close()


async def main() -> None:
    """Run every repair."""
    await awaited()
    callback()
    await shared()
    await admitted("alice")
    assert not NAMES
    assert PLACES == 0
    assert await measured() >= 0
    await signalled()
    await left_early()
    await Bucket().take()
    printed("zoë")
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    for use in (streamed, goodbye):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"\2\0\0{}")
        relayed([Member(writer)], b"")
        Member(writer).relay(b"")
        await use(reader, writer)
    _, writer = await asyncio.open_connection(host, port)
    Member(writer).disconnect()
    server.close()
    await asyncio.wait(SERVING)
    assert parsed(b'{"room": "tea"}') == {"room": "tea"}
    assert encoded({"a": 1}) == b'{"a": 1}'
    assert normal("cafe\N{COMBINING ACUTE ACCENT}") == "café"
    assert refused(b"\2\0\0") == 2
    errors(asyncio.get_running_loop(), {"message": "socket.accept() failed"})
    typed().join()
    logged().stop()
    print("every repair ran")


asyncio.run(main())
