"""The server speaks once per turn of the loop, without streams.

New: asyncio calls each client with the bytes that arrived; no task waits for them.
Still wrong: clients that vanish, or never say a word, stay connected.
"""

import asyncio
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from itertools import groupby
from typing import Any

from utils02 import HEADER, MAX_MEMBERS, Refused, encode, folded, parse, size_in

ROOMS: dict[str, set["Client"]] = {}  # members; empty rooms are deleted
CLIENTS: set["Client"] = set()  # those not closed yet
NAMES: set[str] = set()  # names in use, folded
EMPTY = asyncio.Event()  # set when the last of CLIENTS has gone

# Bytes that may wait for one client. With less, a minute without network ends a
# connection; with more, a thousand clients that do not read fill the memory.
MAX_UNSENT = 2**20
MAX_OUTBOX = 2**14  # bytes posted in a turn, a few hundred messages; then it ends
MAX_ERRORS = 20  # messages refused in a row: honest clients need fewer tries
GOODBYE = 3.0  # seconds for clients to read and disconnect; shutdown takes up to 5
ONE_TURN = 0.001  # seconds; one full turn: arrived data is handled before timers


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Client, host, port)
    try:
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
    # second, connection_made is called for each of them.
    await asyncio.sleep(ONE_TURN)
    server.close()
    await asyncio.sleep(ONE_TURN)
    if not CLIENTS:
        return
    # No await in this loop: bye is the last message of every client alike.
    for client in CLIENTS:
        client.say_last({"action": "bye", "reason": "the server stops"})
    # Not asyncio.timeout: in a cancelled task it may fail, as on Python 3.11.2.
    empty = asyncio.create_task(EMPTY.wait())
    await asyncio.wait({empty}, timeout=GOODBYE)
    for client in CLIENTS:
        client.transport.abort()
    await empty


def log(line: str) -> None:
    """Print a line if possible: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Inbox:
    """Bytes that arrived from a client, in any pieces, and are not handled yet."""

    __slots__ = "data", "place"

    def __init__(self) -> None:
        self.data = b""
        self.place = 0  # where the next frame begins

    def add(self, data: bytes) -> None:
        """Append bytes that just arrived."""
        self.data += data

    def take(self) -> bytes | None:
        """Return the next payload, or None while it is not complete.

        Raises Refused for one that is too large, before any of it arrived.
        """
        begin = self.place + HEADER
        if begin <= len(self.data):
            end = begin + size_in(self.data[self.place : begin])
            if end <= len(self.data):
                self.place = end
                return self.data[begin:end]
        # Only now: cutting off each frame as we take it would copy all the others.
        self.data, self.place = self.data[self.place :], 0
        return None


class Client(asyncio.Protocol):
    """One connection: its name, after connect, and the rooms it is in.

    The transport calls the first six methods. None of them may wait.
    """

    __slots__ = (  # no dict per client
        "errors",
        "has_finished",
        "inbox",
        "is_full",
        "name",
        "reading_off",
        "rooms",
        "transport",
    )

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.errors = 0  # in a row
        self.has_finished = False
        self.is_full = False
        self.reading_off: asyncio.TimerHandle | None = None
        self.name: str | None = None
        self.rooms: set[str] = set()

    def connection_made(self, transport: Any) -> None:
        """Add the client; from now on the transport writes to it."""
        log("New client connected!")
        self.transport: asyncio.Transport = transport
        # With more than the first in its buffer, the transport calls pause_writing;
        # with no more than the second, resume_writing.
        transport.set_write_buffer_limits(MAX_UNSENT, MAX_UNSENT)
        CLIENTS.add(self)
        EMPTY.clear()

    def data_received(self, data: bytes) -> None:
        """Handle the messages that arrived, or as many as fit into one turn."""
        if self.has_finished:
            return  # read and discarded
        self.inbox.add(data)
        try:
            while (payload := self.inbox.take()) is not None:
                self.handle(payload)
                if OUTBOX.size > MAX_OUTBOX:
                    self.yield_if_full()
                    break
        except Refused as refused:
            self.hang_up(refused)

    def eof_received(self) -> None:
        """Close the connection of a client that ended its stream."""
        self.leave_all()
        # None is returned, so the transport closes itself after the last bytes.

    def pause_writing(self) -> None:
        """Note that too many bytes wait for the client: it does not read."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Note that it read some of them."""
        self.is_full = False

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client. Every exit path runs this, also after an error."""
        self.has_finished = True
        self.leave_all()
        if self.reading_off is not None:
            self.reading_off.cancel()
        CLIENTS.remove(self)
        if not CLIENTS:
            EMPTY.set()
        log("Client gone.")

    # From here on, we call.

    def handle(self, payload: bytes) -> None:
        """Handle one message. Raises Refused if there were too many bad ones."""
        try:
            message = parse(payload)
            HANDLERS[message["action"]](self, message)
            self.errors = 0
        except Refused as refused:
            self.send(refused.message)
            self.errors += 1
            if self.errors == MAX_ERRORS:
                raise Refused("too_many_errors") from None

    def yield_if_full(self) -> None:
        """End this turn of the loop and continue in the next."""
        OUTBOX.flush()
        # Further bytes have to wait, and so does the end of the stream.
        self.transport.pause_reading()
        asyncio.get_running_loop().call_soon(self.go_on)

    def go_on(self) -> None:
        """Continue with the bytes in the inbox, then with new ones."""
        self.transport.resume_reading()
        self.data_received(b"")

    def hang_up(self, refused: Refused) -> None:
        """Send the reason, then discard input for a while."""
        self.say_last(refused.message)
        self.leave_all()
        self.inbox = Inbox()  # we discard the old one's bytes
        # With unread bytes, close() would be a reset.
        loop = asyncio.get_running_loop()
        self.reading_off = loop.call_later(GOODBYE, self.transport.close)

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
        if self.has_finished or self.transport.is_closing():
            return  # it has left already but is still in its rooms
        if self.is_full:
            # Not close(): it would wait until the client reads all of this.
            self.transport.abort()
        else:
            self.transport.write(frame)

    def say_last(self, message: dict[str, Any]) -> None:
        self.send(message)
        OUTBOX.flush()
        self.has_finished = True
        try:
            # Not close(): with unread bytes it would reset and lose our message.
            self.transport.write_eof()
        except OSError:
            pass  # the client disconnected at this very moment

    # Two places say who is in a room. A callback of the loop runs to its end, so
    # no other code ever sees them disagree. Both return the members to notify.

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
        self.name = None  # this may be called again
        OUTBOX.flush()  # its own last messages, before its transport closes


HANDLERS = {
    "connect": Client.connect,
    "joinroom": Client.joinroom,
    "leaveroom": Client.leaveroom,
    "chat": Client.chat,
}


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Post a message to these members and wait for none."""
    OUTBOX.post(members, encode(message))  # encoded once, not once per member


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
            loop.call_soon(loop.call_soon, self.flush)  # with all posted until then
        self.posts.append((members, frame))
        self.size += len(frame)

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
                member.transport.abort()
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
