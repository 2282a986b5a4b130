"""The server can exist twice.

New: an object holds the state of a server; delivery and process are utils04, utils05.
Still wrong: anyone on the network path can read every message.

The life of a connection: the kernel accepts it, asyncio calls ``client_connected``, and
the client is in ``clients`` until that returns. ``admit`` gives it a place in
``admitted``, or refuses it. Its task reads: each payload is parsed, checked and handled
without an await, so no other task sees a change half done. Once per tick, ``watch`` in
main looks at all clients: it pings a silent one, refuses one that does not finish what
it began, and disconnects one that does not read. Messages go to the Outbox and are
written when the turn of the loop ends, once per member. However a connection ends,
``leave_all`` takes it out of its rooms and gives its place and its name back; we then
read on for a while, because closing with unread bytes is a reset.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter
from contextlib import aclosing, suppress
from typing import Any

from utils02 import MAX_MEMBERS, Refused, encode, folded, parse
from utils03 import FIELDS, new_payloads
from utils04 import Bucket, Connection, Outbox, linger, watch
from utils05 import listen, log, say_goodbye, until_signal

MAX_ERRORS = 20  # messages refused in a row: honest clients need fewer tries
RATE = 10.0  # messages a second from one client, sustained: nobody types faster
BURST = 20.0  # messages in a burst: even the longest ones stay below MAX_UNSENT
MAX_CLIENTS = 1000  # each costs a descriptor, and the usual limit is 1024
MAX_PER_ADDRESS = 20  # one computer cannot take all places; an office may share one
MAX_ROOMS = 50  # per client: when it leaves, all of them are told in one turn
TOO_FAST_TIME = 30.0  # seconds without a pause: after that it is not just a long story
GOODBYE = 3.0  # seconds for clients to read and disconnect; shutdown takes up to 5


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    chat = Chat()
    server = await listen(chat.client_connected, host, port, MAX_CLIENTS)
    try:
        await watch(chat.clients)  # one task for the timers of all
        # -- never reached: you stop the server by cancelling main --
    finally:
        await say_goodbye(server, chat.clients, GOODBYE)


class Chat:
    """The state of one server; two of them in one process share nothing."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[Client]] = {}  # members; empty rooms are deleted
        self.clients: set[Client] = set()  # those not closed yet
        self.names: set[str] = set()  # names in use, folded
        self.admitted: dict[Client, str] = {}  # admitted clients, with their address
        self.places: Counter[str] = Counter()  # admitted clients per address
        self.outbox = Outbox()

    async def client_connected(
        self, reader: StreamReader, writer: StreamWriter
    ) -> None:
        """Handle the messages of one client, until it ends its stream."""
        client = Client(self, writer)
        self.clients.add(client)
        try:
            log("New client connected!")
            await serve_client(client, reader)
        finally:
            self.clients.remove(client)
            log("Client gone.")

    def admit(self, client: "Client") -> None:
        """Raise Refused if the server is full, or has no place for this address."""
        host, *_ = client.writer.get_extra_info("peername") or [""]
        if len(self.admitted) >= MAX_CLIENTS or self.places[host] >= MAX_PER_ADDRESS:
            client.idle.over = True  # we expect nothing more from it
            raise Refused("full")
        self.admitted[client] = host
        self.places[host] += 1

    def send_to(self, members: set["Client"], message: dict[str, Any]) -> None:
        """Post a message to these members and wait for none."""
        self.outbox.post(members, encode(message))  # encoded once, not once per member


async def serve_client(client: "Client", reader: StreamReader) -> None:
    """Read a client's messages, handle them, and finally close the connection."""
    handlers = {
        "connect": client.connect,
        "joinroom": client.joinroom,
        "leaveroom": client.leaveroom,
        "chat": client.say,
        "pong": client.idle.pong,
    }
    errors, bucket = 0, Bucket(RATE, BURST, TOO_FAST_TIME)  # errors in a row
    try:
        payloads = new_payloads(reader, client.idle)
        client.chat.admit(client)
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
                await client.outbox.yield_if_full()  # let other tasks run
    except Refused as refused:
        client.say_last(refused.message)
    except TimeoutError:
        client.say_last(Refused("silent").message)
    finally:
        # Every exit path runs this, also after an exception in a handler.
        client.leave_all()
        await linger(reader, GOODBYE)
        # Nothing else closes it: without this, the connection stays half open.
        client.writer.close()
        try:
            await client.writer.wait_closed()  # until then, unsent bytes are still ours
        except OSError:
            pass  # it is closed, though not cleanly


class Client(Connection):
    """One connection: its name, after connect, and the rooms it is in."""

    __slots__ = "chat", "rooms"

    def __init__(self, chat: Chat, writer: StreamWriter) -> None:
        super().__init__(writer, chat.outbox)
        self.chat = chat
        self.rooms: set[str] = set()

    def connect(self, message: dict[str, Any]) -> None:
        if self.name is not None:
            raise Refused("already_connected")
        if folded(message["username"]) in self.chat.names:
            raise Refused("name_taken")
        self.name = message["username"]
        self.chat.names.add(folded(self.name))
        log(f"{self.name!a} has connected")

    def joinroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            raise Refused("not_connected")
        if message["room"] not in self.rooms and len(self.rooms) >= MAX_ROOMS:
            raise Refused("too_many_rooms")
        notice = {"action": "joinroom", "room": message["room"], "from": self.name}
        others = self.join(message["room"])
        members = [m.name for m in self.chat.rooms[message["room"]]][:MAX_MEMBERS]
        # The joiner first: every later message to it then follows this answer.
        self.send({**notice, "members": members})
        self.chat.send_to(others, notice)

    def leaveroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            raise Refused("not_connected")
        notice = {"action": "leaveroom", "room": message["room"], "from": self.name}
        others = self.leave(message["room"])
        self.send(notice)
        self.chat.send_to(others, notice)

    def say(self, message: dict[str, Any]) -> None:
        room, text = message["room"], message["message"]
        if self.name is None:
            raise Refused("not_connected")
        if room not in self.rooms:
            raise Refused("not_in_room")
        # Built from our own data: extra fields of the client are not relayed.
        relay = {"action": "chat", "room": room, "message": text, "from": self.name}
        self.chat.send_to(self.chat.rooms[room] - {self}, relay)

    # Two places say who is in a room. There is no await in the two methods below,
    # so no other task ever sees them disagree. Both return the members to notify.

    def join(self, room: str) -> set["Client"]:
        others = set() if room in self.rooms else set(self.chat.rooms.get(room, ()))
        self.chat.rooms.setdefault(room, set()).add(self)
        self.rooms.add(room)
        return others

    def leave(self, room: str) -> set["Client"]:
        others = self.chat.rooms[room] - {self} if room in self.rooms else set()
        if room in self.rooms:
            self.rooms.remove(room)
            self.chat.rooms[room].remove(self)
            if not self.chat.rooms[room]:
                del self.chat.rooms[room]  # or they pile up over a year
        return others

    def leave_all(self) -> None:
        # It has no place if it was refused.
        if (host := self.chat.admitted.pop(self, None)) is not None:
            self.chat.places[host] -= 1
            if not self.chat.places[host]:
                del self.chat.places[host]  # or they pile up over a year
        if self.name is not None:
            self.chat.names.remove(folded(self.name))
        # Leave every room first: a client in the middle of leaving must not be told.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            self.chat.send_to(others, notice)
        self.outbox.flush()  # its own last messages go out before its stream closes


def run(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; raises OSError if it cannot listen."""
    with suppress(asyncio.CancelledError):  # how a signal ends main: not an error
        asyncio.run(until_signal(main, host, port))


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(f"It takes no arguments; try: python -m lab run {' '.join(sys.argv)}")
    try:
        run()
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
    # Python would report output that could not be printed as an error now.
    sys.stdout = None
