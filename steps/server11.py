"""The server slows down fast talkers.

New: a token bucket per client; while it is empty, we read nothing from that client.
Still wrong: a crowd uses up the file descriptors; then no client can connect.
"""

import asyncio
import signal
import sys
from asyncio import StreamReader, StreamWriter
from collections import defaultdict
from contextlib import aclosing, suppress
from itertools import groupby
from typing import Any

from utils02 import MAX_MEMBERS, Refused, encode, folded, parse
from utils03 import FIELDS, Idle, bound_send_buffers, new_payloads, ticks

ROOMS: dict[str, set["Client"]] = {}  # members; empty rooms are deleted
CLIENTS: set["Client"] = set()  # those not closed yet
NAMES: set[str] = set()  # names in use, folded

# Bytes that may wait for one client. With less, a minute without network ends a
# connection; with more, a thousand clients that do not read fill the memory.
MAX_UNSENT = 2**20
MAX_OUTBOX = 2**14  # bytes posted in a turn, a few hundred messages; then it ends
MAX_ERRORS = 20  # messages refused in a row: honest clients need fewer tries
RATE = 10.0  # messages a second from one client, sustained: nobody types faster
BURST = 20.0  # messages in a burst: even the longest ones stay below MAX_UNSENT
TOO_FAST_TIME = 30.0  # seconds without a pause: after that it is not just a long story
GOODBYE = 3.0  # seconds for clients to read and disconnect; shutdown takes up to 5
ONE_TURN = 0.001  # seconds; one full turn: arrived data is handled before timers


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    try:
        bound_send_buffers(server)  # megabytes would hide that a client no longer reads
        for listening in server.sockets:
            # Ask the socket: if we asked for port 0, only it knows the port.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, in brackets as in a URL
            log(f"Listening on {host}:{port}")
        await asyncio.Event().wait()
        # -- never reached: you stop the server by cancelling main --
    finally:
        await say_goodbye(server)


async def say_goodbye(server: asyncio.Server) -> None:
    """Tell all clients that the server stops; leave nothing open or running."""
    # Two turns of the loop. In the first, connections that the kernel has accepted
    # become ours: closing the socket now would reset them silently. In the
    # second, their tasks start, and each adds its client to CLIENTS.
    await asyncio.sleep(ONE_TURN)
    server.close()
    await asyncio.sleep(ONE_TURN)
    if not CLIENTS:
        return
    # No await in this loop: bye is the last message of every client alike.
    for client in CLIENTS:
        client.say_last({"action": "bye", "reason": "the server stops"})
    tasks = {client.task for client in CLIENTS}
    await asyncio.wait(tasks, timeout=GOODBYE)
    for client in CLIENTS:
        client.writer.transport.abort()
    await asyncio.wait(tasks)


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Handle the messages of one client, until it ends its stream."""
    client = Client(writer)
    CLIENTS.add(client)
    try:
        log("New client connected!")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(client.watch())
            await serve_client(client, reader)
            watching.cancel()
    finally:
        CLIENTS.remove(client)
        log("Client gone.")


async def serve_client(client: "Client", reader: StreamReader) -> None:
    """Read a client's messages, handle them, and finally close the connection."""
    handlers = {
        "connect": client.connect,
        "joinroom": client.joinroom,
        "leaveroom": client.leaveroom,
        "chat": client.chat,
        "pong": client.idle.pong,
    }
    errors, bucket = 0, Bucket()  # errors in a row
    try:
        payloads = new_payloads(reader, client.idle)
        async with client.reading, aclosing(payloads):
            async for payload in payloads:
                try:
                    message = parse(payload, FIELDS)
                    handlers[message["action"]](message)
                    errors = 0
                except Refused as refused:
                    client.send(refused.message)
                    errors += 1
                    if errors == MAX_ERRORS:
                        raise Refused("too_many_errors") from None
                await client.wait_for(bucket)
                await OUTBOX.yield_if_full()  # let other tasks run
    except Refused as refused:
        client.say_last(refused.message)
    except TimeoutError:
        client.say_last(Refused("silent").message)
    finally:
        # Every exit path runs this, also after an exception in a handler.
        client.leave_all()
        await linger(reader)
        # Nothing else closes it: without this, the connection stays half open.
        client.writer.close()
        try:
            await client.writer.wait_closed()  # until then, unsent bytes are still ours
        except OSError:
            pass  # it is closed, though not cleanly


async def linger(reader: StreamReader) -> None:
    """Discard input for a while: with unread bytes, close() would be a reset."""
    try:
        async with asyncio.timeout(GOODBYE):
            while await reader.read(2**16):
                pass
    except OSError:  # a TimeoutError is an OSError
        pass


def log(line: str) -> None:
    """Print a line if possible: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Client:
    """One connection: its name, after connect, and the rooms it is in."""

    __slots__ = "has_finished", "idle", "name", "reading", "rooms", "task", "writer"

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.task: Any = asyncio.current_task()
        self.has_finished = False
        self.name: str | None = None
        self.rooms: set[str] = set()
        self.idle = Idle()
        self.reading = asyncio.timeout(None)  # until the idle count ends it

    async def watch(self) -> None:
        """Once per tick, do what this client's idle count says."""
        async for late in ticks():
            owed = self.writer.transport.get_write_buffer_size()
            match self.idle.tick(self.name is not None, owed, late):
                case "ask":
                    self.send({"action": "ping"})
                case "refuse":
                    self.reading.reschedule(0)  # now: a TimeoutError there
                case "drop":
                    self.writer.transport.abort()

    async def wait_for(self, bucket: "Bucket") -> None:
        """Stop reading until there is a token: unread messages wait with the sender.

        Raises Refused if the client had to wait each time, for TOO_FAST_TIME.
        """
        pause = bucket.take(asyncio.get_running_loop().time())
        if pause and not self.has_finished:  # after bye we only drain
            await asyncio.sleep(pause)

    def connect(self, message: dict[str, Any]) -> None:
        if self.name is not None:
            raise Refused("already_connected")
        if folded(message["username"]) in NAMES:
            raise Refused("name_taken")
        self.name = message["username"]
        NAMES.add(folded(self.name))
        log(f"{self.name!a} has connected")

    def joinroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            raise Refused("not_connected")
        notice = {"action": "joinroom", "room": message["room"], "from": self.name}
        others = self.join(message["room"])
        members = [member.name for member in ROOMS[message["room"]]][:MAX_MEMBERS]
        # The joiner first: every later message to it then follows this answer.
        self.send({**notice, "members": members})
        send_to(others, notice)

    def leaveroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            raise Refused("not_connected")
        notice = {"action": "leaveroom", "room": message["room"], "from": self.name}
        others = self.leave(message["room"])
        self.send(notice)
        send_to(others, notice)

    def chat(self, message: dict[str, Any]) -> None:
        room, text = message["room"], message["message"]
        if self.name is None:
            raise Refused("not_connected")
        if room not in self.rooms:
            raise Refused("not_in_room")
        # Built from our own data: extra fields of the client are not relayed.
        relay = {"action": "chat", "room": room, "message": text, "from": self.name}
        send_to(ROOMS[room] - {self}, relay)

    def send(self, message: dict[str, Any]) -> None:
        send_to({self}, message)

    def write(self, frame: bytes) -> None:
        if self.has_finished or self.writer.is_closing():
            return  # it has left already but is still in its rooms
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            # Not close(): it would wait until the client reads all of this.
            self.writer.transport.abort()
        else:
            self.writer.write(frame)
            self.idle.written += len(frame)

    def say_last(self, message: dict[str, Any]) -> None:
        self.send(message)
        OUTBOX.flush()
        self.has_finished = True
        try:
            # Not close(): with unread bytes it would reset and lose our message.
            self.writer.write_eof()
        except OSError:
            pass  # the client disconnected at this very moment

    # Two places say who is in a room. There is no await in the two methods below,
    # so no other task ever sees them disagree. Both return the members to notify.

    def join(self, room: str) -> set["Client"]:
        others = set() if room in self.rooms else set(ROOMS.get(room, ()))
        ROOMS.setdefault(room, set()).add(self)
        self.rooms.add(room)
        return others

    def leave(self, room: str) -> set["Client"]:
        others = ROOMS[room] - {self} if room in self.rooms else set()
        if room in self.rooms:
            self.rooms.remove(room)
            ROOMS[room].remove(self)
            if not ROOMS[room]:
                del ROOMS[room]  # or empty rooms pile up over a year
        return others

    def leave_all(self) -> None:
        if self.name is not None:
            NAMES.remove(folded(self.name))
        # Leave every room first: a client in the middle of leaving must not be told.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            send_to(others, notice)
        OUTBOX.flush()  # its own last messages must go out before its stream closes


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Post a message to these members and wait for none."""
    OUTBOX.post(members, encode(message))  # encoded once, not once per member


class Bucket:
    """One token per message: full at first, refilled at a steady rate."""

    def __init__(self) -> None:
        self.tokens = BURST
        self.now = self.rested = 0.0  # the last call, and the last with a token left

    def take(self, now: float) -> float:
        """Take a token; return the seconds until it is there."""
        self.tokens = min(BURST, self.tokens + RATE * (now - self.now)) - 1
        self.now = now
        if self.tokens >= 0:
            self.rested = now
        elif now - self.rested > TOO_FAST_TIME:
            raise Refused("too_fast")
        return max(0.0, -self.tokens / RATE)


class Outbox:
    """The messages of this turn of the loop, in order, each with its recipients."""

    def __init__(self) -> None:
        self.posts: list[tuple[set[Client], bytes]] = []
        self.size = 0

    def post(self, members: set[Client], frame: bytes) -> None:
        """Send the frame to these members at the next flush.

        The set must not change until then: callers pass their own.
        """
        if not self.posts:
            loop = asyncio.get_running_loop()
            # Two call_soons: the flush runs after every task that is ready now.
            loop.call_soon(loop.call_soon, self.flush)
        self.posts.append((members, frame))
        self.size += len(frame)

    async def yield_if_full(self) -> None:
        """End this turn of the loop if enough was posted in it."""
        if self.size > MAX_OUTBOX:
            self.flush()
            await asyncio.sleep(0)

    def flush(self) -> None:
        """Write to each member, in one call, everything posted for it."""
        posts, self.posts, self.size = self.posts, [], 0
        heard: defaultdict[Client, list[bytes]] = defaultdict(list)
        for members, said in groupby(posts, key=lambda post: post[0]):
            piece = b"".join(frame for _, frame in said)  # once, not once per member
            for member in members:
                heard[member].append(piece)
        for member, pieces in heard.items():
            try:
                member.write(b"".join(pieces))
            except Exception as error:
                # One bad client must not cost the others their messages, and a bug
                # in our code must not go unseen.
                member.writer.transport.abort()
                what = {"message": "a client cannot be served", "exception": error}
                asyncio.get_running_loop().call_exception_handler(what)


OUTBOX = Outbox()


def run(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; raises OSError if it cannot listen."""
    with suppress(asyncio.CancelledError):  # how a signal ends main: not an error
        asyncio.run(until_signal(host, port))


async def until_signal(host: str, port: int) -> None:
    """Run main. A first signal cancels it; a second one ends the process."""
    serving: Any = asyncio.current_task()
    ours = [signal.SIGINT, signal.SIGTERM]
    # Windows has no SIGHUP. After nohup it is ignored and must stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ours.append(signal.SIGHUP)

    def stop(*_: object) -> None:
        serving.get_loop().call_soon_threadsafe(serving.cancel)
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

    for number in ours:
        signal.signal(number, stop)  # not add_signal_handler: Windows has none
    await main(host, port)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(f"It takes no arguments; try: python -m lab run {' '.join(sys.argv)}")
    try:
        run()
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
    # Python would report output that could not be printed as an error now.
    sys.stdout = None
