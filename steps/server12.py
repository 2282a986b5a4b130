"""The server holds a crowd.

New: it counts who is inside, refuses more, and bears it when descriptors run out.
Still wrong: its state is in the module, so a process can have only one of it.

The life of a connection: the kernel accepts it, asyncio calls ``client_connected``, and
the client is in CLIENTS until that returns. ``admit`` gives it a place in ADMITTED, or
refuses it. From then on two tasks belong to it. One reads: each payload is parsed,
checked, and handled without an await, so no other task sees a change half done. The
other one looks at the clock, once per tick: it pings a silent client, refuses one that
does not finish what it began, and disconnects one that does not read. What is said goes
to the Outbox and is written when the turn of the loop ends, once per member. However a
connection ends, ``leave_all`` takes it out of its rooms and gives its place and its
name back; we then read on for a while, because closing with unread bytes is a reset.
"""

import asyncio
import errno
import signal
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter, defaultdict
from contextlib import aclosing, suppress
from itertools import groupby
from typing import Any

from utils02 import MAX_MEMBERS, Refused, encode, folded, parse
from utils03 import FIELDS, Idle, bound_send_buffers, new_payloads, ticks

ROOMS: dict[str, set["Client"]] = {}  # who is in which room; no room is kept empty
CLIENTS: set["Client"] = set()  # all whose connection is not closed yet
NAMES: set[str] = set()  # those that are taken, folded
ADMITTED: dict["Client", str] = {}  # who has been let in, and from where they call
PLACES: Counter[str] = Counter()  # how many of them call from each address

# Bytes that may wait for one client. With less, a minute without a network ends a
# connection; with more, a thousand who do not read fill the memory.
MAX_UNSENT = 2**20
MAX_OUTBOX = 2**14  # bytes said in one turn, some hundred messages; then the turn ends
MAX_ERRORS = 20  # messages refused in a row: nobody who means well needs so many tries
RATE = 10.0  # messages a second, of one client, for long: nobody types so fast
BURST = 20.0  # messages at once: of the longest ones, these are less than MAX_UNSENT
MAX_CLIENTS = 1000  # each costs a descriptor, and systems begin with 1024 of them
MAX_PER_ADDRESS = 20  # with these, one computer cannot take all places; offices share
MAX_ROOMS = 50  # of one client: when it leaves, all of them are told in one turn
TOO_FAST_TIME = 30.0  # seconds without a rest: whoever only had much to say is done
MINUTE = 60.0  # seconds
GOODBYE = 3.0  # seconds for the clients to read and hang up; all of it takes up to 5
ONE_TURN = 0.001  # seconds; one full turn: what has arrived is handled before timers


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    # asyncio accepts up to backlog connections per turn. Out of descriptors, every
    # attempt logs an error and sets a timer to try again: one is enough.
    server = await asyncio.start_server(client_connected, host, port, backlog=1)
    try:
        bound_send_buffers(server)  # megabytes would hide who takes nothing any more
        for listening in server.sockets:
            with listening.dup() as same:  # the others have to wait in the system
                same.listen(MAX_CLIENTS)
            # Ask the socket: whoever wants port 0 has to be told which one it became.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, as URLs have it
            log(f"Listening on {host}:{port}")
        await asyncio.Event().wait()
        # -- never comes here: to stop the server is to cancel main --
    finally:
        await say_goodbye(server)


async def say_goodbye(server: asyncio.Server) -> None:
    """Tell everyone that it is over, and leave nothing open and nothing running."""
    # Two turns of the loop. In the first, connections that the kernel has accepted
    # become ours: closing the socket now would reset them without a word. In the
    # second, their tasks start, and each puts its client into CLIENTS.
    await asyncio.sleep(ONE_TURN)
    server.close()
    await asyncio.sleep(ONE_TURN)
    if not CLIENTS:
        return
    # No await in this loop: what one has heard before the end, all others have, too.
    for client in CLIENTS:
        client.say_last({"action": "bye", "reason": "the server stops"})
    tasks = {client.task for client in CLIENTS}
    await asyncio.wait(tasks, timeout=GOODBYE)
    for client in CLIENTS:
        client.writer.transport.abort()
    await asyncio.wait(tasks)


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Do what one client asks for, until it has no more to say."""
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
    """Read what a client has to say, do it, and close the connection in the end."""
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
        admit(client)
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
                await OUTBOX.yield_if_full()  # and let the others have their turn
    except Refused as refused:
        client.say_last(refused.message)
    except TimeoutError:
        client.say_last(Refused("silent").message)
    finally:
        # Every way out leads through here, an exception in a handler included.
        client.leave_all()
        await linger(reader)
        # Nobody else will: without this the connection stays half open.
        client.writer.close()
        try:
            await client.writer.wait_closed()  # until then, unsent bytes are still ours
        except OSError:
            pass  # it is closed, if not as we wanted


def admit(client: "Client") -> None:
    """Refused if there are as many clients as may be, in all or from this address."""
    host, *_ = client.writer.get_extra_info("peername") or [""]
    if len(ADMITTED) >= MAX_CLIENTS or PLACES[host] >= MAX_PER_ADDRESS:
        client.idle.over = True  # nothing more is awaited of it
        raise Refused("full")
    ADMITTED[client] = host
    PLACES[host] += 1


async def linger(reader: StreamReader) -> None:
    """Take what still comes, for a while: unread, it would make of close() a reset."""
    try:
        async with asyncio.timeout(GOODBYE):
            while await reader.read(2**16):
                pass
    except OSError:  # a TimeoutError is one, too
        pass


def log(line: str) -> None:
    """Print a line, if that can be done: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Client:
    """One connection: a name, once it has said who it is, and the rooms it is in."""

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
        """Do what the idle count of this client says, once per tick."""
        async for late in ticks():
            owed = self.writer.transport.get_write_buffer_size()
            match self.idle.tick(self.name is not None, owed, late):
                case "ask":
                    self.send({"action": "ping"})
                case "refuse":
                    self.reading.reschedule(0)  # now; serve_client() has a TimeoutError
                case "drop":
                    self.writer.transport.abort()

    async def wait_for(self, bucket: "Bucket") -> None:
        """Read no more until there is a token: what is not read, waits at the sender's.

        Refused if one has always had to wait, for TOO_FAST_TIME.
        """
        pause = bucket.take(asyncio.get_running_loop().time())
        if pause and not self.has_finished:  # what comes after bye is for nobody
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
        if message["room"] not in self.rooms and len(self.rooms) >= MAX_ROOMS:
            raise Refused("too_many_rooms")
        notice = {"action": "joinroom", "room": message["room"], "from": self.name}
        others = self.join(message["room"])
        members = [member.name for member in ROOMS[message["room"]]][:MAX_MEMBERS]
        # The joiner comes first: whatever is said from here on follows this answer.
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
        # Built from what we know: whatever else the client put in ends here.
        relay = {"action": "chat", "room": room, "message": text, "from": self.name}
        send_to(ROOMS[room] - {self}, relay)

    def send(self, message: dict[str, Any]) -> None:
        send_to({self}, message)

    def write(self, frame: bytes) -> None:
        if self.has_finished or self.writer.is_closing():
            return  # gone already, and not yet out of its rooms
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            # Not close(): that would wait until all of this has been read.
            self.writer.transport.abort()
        else:
            self.writer.write(frame)
            self.idle.written += len(frame)

    def say_last(self, message: dict[str, Any]) -> None:
        self.send(message)
        OUTBOX.flush()
        self.has_finished = True
        try:
            # Not close(): with anything unread that is a reset, and swallows our words.
            self.writer.write_eof()
        except OSError:
            pass  # broken off at this very moment

    # Two places say who is in a room. There is no await in the two methods below,
    # so no other task ever sees them disagree. Both return those to whom it is news.

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
                del ROOMS[room]  # or a server that runs for a year drowns in them
        return others

    def leave_all(self) -> None:
        if (host := ADMITTED.pop(self, None)) is not None:  # it may have been refused
            PLACES[host] -= 1
            if not PLACES[host]:
                del PLACES[host]  # or a server that runs for a year drowns in them
        if self.name is not None:
            NAMES.remove(folded(self.name))
        # Out of every room first: nobody hears it from one who is still in another.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            send_to(others, notice)
        OUTBOX.flush()  # its own last messages must go out before its stream closes


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Say something to all of these, and wait for none."""
    OUTBOX.post(members, encode(message))  # encoded once, not once per member


class Bucket:
    """Tokens, one for each message: full at first, refilled at a steady pace."""

    def __init__(self) -> None:
        self.tokens = BURST
        self.now = self.rested = 0.0  # the last time, and the last with a token left

    def take(self, now: float) -> float:
        """Take a token, and return in how many seconds it will be there."""
        self.tokens = min(BURST, self.tokens + RATE * (now - self.now)) - 1
        self.now = now
        if self.tokens >= 0:
            self.rested = now
        elif now - self.rested > TOO_FAST_TIME:
            raise Refused("too_fast")
        return max(0.0, -self.tokens / RATE)


class Outbox:
    """What has been said in this turn of the loop, in order, and who is to hear it."""

    def __init__(self) -> None:
        self.posts: list[tuple[set[Client], bytes]] = []
        self.size = 0

    def post(self, members: set[Client], frame: bytes) -> None:
        """Let these members have the frame when the turn ends.

        The set must not change until then: callers pass one of their own.
        """
        if not self.posts:
            loop = asyncio.get_running_loop()
            # Two call_soons: the flush runs after every task that is ready now.
            loop.call_soon(loop.call_soon, self.flush)
        self.posts.append((members, frame))
        self.size += len(frame)

    async def yield_if_full(self) -> None:
        """End this turn of the loop, if enough has been said in it."""
        if self.size > MAX_OUTBOX:
            self.flush()
            await asyncio.sleep(0)

    def flush(self) -> None:
        """Write to each member, at once, all that it is to hear."""
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
                # One bad client must not cost the others their messages, and a mistake
                # of ours must not go unseen.
                member.writer.transport.abort()
                what = {"message": "a client cannot be served", "exception": error}
                asyncio.get_running_loop().call_exception_handler(what)


OUTBOX = Outbox()


class ExceptionHandler:
    """Takes what the loop complains of; without a descriptor, it does so for ever."""

    last = -MINUTE

    def __call__(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        number = getattr(context.get("exception"), "errno", None)
        if number not in (errno.EMFILE, errno.ENFILE):
            # The loop tries anew to accept, even if we have closed the door meanwhile.
            if "_start_serving" not in context["message"]:
                loop.default_exception_handler(context)
        elif loop.time() >= self.last + MINUTE:
            self.last = loop.time()
            log("No descriptor is left: nobody can come in.")


def run(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; raises OSError if it cannot listen."""
    with suppress(asyncio.CancelledError):  # a signal ends main so: no error
        asyncio.run(until_signal(host, port))


async def until_signal(host: str, port: int) -> None:
    """Run main. A first signal cancels it, a second one ends the process at once."""
    serving: Any = asyncio.current_task()
    serving.get_loop().set_exception_handler(ExceptionHandler())
    ours = [signal.SIGINT, signal.SIGTERM]
    # Windows has no SIGHUP. After nohup it is ignored, and has to stay so.
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
    # What could not be printed is still there, and Python would complain of it now.
    sys.stdout = None
