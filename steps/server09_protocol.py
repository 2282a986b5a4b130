"""The server speaks once per turn of the loop, without streams.

New: each client is called with the bytes that have come; no task waits for them.
Still wrong: who has gone without a word, or never said one, stays for ever.
"""

import asyncio
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from itertools import groupby
from typing import Any

from utils02 import HEADER, MAX_MEMBERS, Refused, encode, folded, parse, size_in

ROOMS: dict[str, set["Client"]] = {}  # who is in which room; no room is kept empty
CLIENTS: set["Client"] = set()  # all whose connection is not closed yet
NAMES: set[str] = set()  # those that are taken, folded
EMPTY = asyncio.Event()  # set when the last of CLIENTS has gone

# Bytes that may wait for one client. With less, a minute without a network ends a
# connection; with more, a thousand who do not read fill the memory.
MAX_UNSENT = 2**20
MAX_OUTBOX = 2**14  # bytes said in one turn, some hundred messages; then the turn ends
MAX_ERRORS = 20  # messages refused in a row: nobody who means well needs so many tries
GOODBYE = 3.0  # seconds for the clients to read and hang up; all of it takes up to 5
ONE_TURN = 0.001  # seconds; one full turn: what has arrived is handled before timers


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Client, host, port)
    try:
        for listening in server.sockets:
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
    # second, connection_made is called for each of them.
    await asyncio.sleep(ONE_TURN)
    server.close()
    await asyncio.sleep(ONE_TURN)
    if not CLIENTS:
        return
    # No await in this loop: what one has heard before the end, all others have, too.
    for client in CLIENTS:
        client.say_last({"action": "bye", "reason": "the server stops"})
    # Not asyncio.timeout: in a cancelled task it may fail, as on Python 3.11.2.
    empty = asyncio.create_task(EMPTY.wait())
    await asyncio.wait({empty}, timeout=GOODBYE)
    for client in CLIENTS:
        client.transport.abort()
    await empty


def log(line: str) -> None:
    """Print a line, if that can be done: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Inbox:
    """What has come from a client, in any pieces, and is still to be dealt with."""

    __slots__ = "data", "place"

    def __init__(self) -> None:
        self.data = b""
        self.place = 0  # where the next frame begins

    def add(self, data: bytes) -> None:
        """Put what has just come behind the rest."""
        self.data += data

    def take(self) -> bytes | None:
        """Return the next payload; None while it is not here, or not all of it.

        Raises Refused for one that is too large, before any of it is here.
        """
        begin = self.place + HEADER
        if begin <= len(self.data):
            end = begin + size_in(self.data[self.place : begin])
            if end <= len(self.data):
                self.place = end
                return self.data[begin:end]
        # Only now. To cut off each frame when it is taken would copy all the others.
        self.data, self.place = self.data[self.place :], 0
        return None


class Client(asyncio.Protocol):
    """One connection: a name, once it has said who it is, and the rooms it is in.

    The transport calls the first six methods. None of them may wait.
    """

    __slots__ = (  # no dict for each
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
        """Take the client in. To write to it is for the transport."""
        log("New client connected!")
        self.transport: asyncio.Transport = transport
        # With more than the first in its buffer, the transport calls pause_writing;
        # with no more than the second, resume_writing.
        transport.set_write_buffer_limits(MAX_UNSENT, MAX_UNSENT)
        CLIENTS.add(self)
        EMPTY.clear()

    def data_received(self, data: bytes) -> None:
        """Do all that is asked for in what has come, or as much as fits in a turn."""
        if self.has_finished:
            return  # taken off the network, and thrown away
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
        """Let the client go, who has no more to say, when it has heard the rest."""
        self.leave_all()
        # Nothing is returned: so the transport closes itself, once all has been sent.

    def pause_writing(self) -> None:
        """Note that too much waits for the client: it does not read."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Note that it has read some of it."""
        self.is_full = False

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client. Every way out leads through here, an error included."""
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
        """Do what a message asks for. Refused if one too many was bad."""
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
        """End this turn of the loop, and go on in the next."""
        OUTBOX.flush()
        # What still comes has to wait, and so has the end of the stream.
        self.transport.pause_reading()
        asyncio.get_running_loop().call_soon(self.go_on)

    def go_on(self) -> None:
        """Go on with what is in the inbox, and with what comes."""
        self.transport.resume_reading()
        self.data_received(b"")

    def hang_up(self, refused: Refused) -> None:
        """Say why, and for a while take what still comes."""
        self.say_last(refused.message)
        self.leave_all()
        self.inbox = Inbox()  # nobody wants what is in the old one
        # Unread, what still comes would make of close() a reset.
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
        if self.has_finished or self.transport.is_closing():
            return  # gone already, and not yet out of its rooms
        if self.is_full:
            # Not close(): that would wait until all of this has been read.
            self.transport.abort()
        else:
            self.transport.write(frame)

    def say_last(self, message: dict[str, Any]) -> None:
        self.send(message)
        OUTBOX.flush()
        self.has_finished = True
        try:
            # Not close(): with anything unread that is a reset, and swallows our words.
            self.transport.write_eof()
        except OSError:
            pass  # broken off at this very moment

    # Two places say who is in a room. Whatever the loop calls runs to its end, so
    # nobody ever sees them disagree. Both return those to whom it is news.

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
        if self.name is not None:
            NAMES.remove(folded(self.name))
        # Out of every room first: nobody hears it from one who is still in another.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            send_to(others, notice)
        self.name = None  # this may be called again
        OUTBOX.flush()  # what it is to hear itself, before its transport is closed


HANDLERS = {
    "connect": Client.connect,
    "joinroom": Client.joinroom,
    "leaveroom": Client.leaveroom,
    "chat": Client.chat,
}


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Say something to all of these, and wait for none."""
    OUTBOX.post(members, encode(message))  # encoded once, not once per member


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
            loop.call_soon(loop.call_soon, self.flush)  # with what comes until then
        self.posts.append((members, frame))
        self.size += len(frame)

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
                member.transport.abort()
                what = {"message": "a client cannot be served", "exception": error}
                asyncio.get_running_loop().call_exception_handler(what)


OUTBOX = Outbox()


def run(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; raises OSError if it cannot listen."""
    with suppress(asyncio.CancelledError):  # a signal ends main so: no error
        asyncio.run(until_signal(host, port))


async def until_signal(host: str, port: int) -> None:
    """Run main. A first signal cancels it, a second one ends the process at once."""
    serving: Any = asyncio.current_task()
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
