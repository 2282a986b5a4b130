"""The server says goodbye.

New: you stop it by cancelling main, which tells all clients, waits and closes.
Still wrong: it trusts all input, be it 16 MiB or messages under your name.
"""

import asyncio
import json
import signal
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Any

from utils01 import HEADER, new_messages

ROOMS: dict[str, set["Client"]] = {}  # members; empty rooms are deleted
CLIENTS: set["Client"] = set()  # those not closed yet

# Bytes that may wait for one client. With less, a minute without network ends a
# connection; with more, a thousand clients that do not read fill the memory.
MAX_UNSENT = 2**20
GOODBYE = 3.0  # seconds for clients to read and disconnect; shutdown takes up to 5
ONE_TURN = 0.001  # seconds; one full turn: arrived data is handled before timers


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
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
    handlers = {
        "connect": client.connect,
        "joinroom": client.joinroom,
        "leaveroom": client.leaveroom,
        "chat": client.chat,
    }

    CLIENTS.add(client)
    try:
        log("New client connected!")
        async for message in new_messages(reader):
            action = message.get("action")
            if not action:
                continue
            handler = handlers.get(action)
            if not handler:
                continue
            handler(message)
            # Bytes that are here already are read without waiting, so a client that
            # sends a lot could keep the loop to itself. Yield: the others get a turn.
            await asyncio.sleep(0)
    finally:
        # Nothing else closes it: without this, the connection stays half open.
        writer.close()
        # Every exit path runs this, also after an exception in a handler.
        client.leave_all()
        try:
            await writer.wait_closed()  # until then, unsent bytes are still ours
        except OSError:
            pass  # it is closed, though not cleanly
        CLIENTS.remove(client)
        log("Client gone.")


def log(line: str) -> None:
    """Print a line if possible: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Client:
    """One connection: its name, after connect, and the rooms it is in."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.task: Any = asyncio.current_task()
        self.has_finished = False
        self.name: str | None = None
        self.rooms: set[str] = set()

    def connect(self, message: dict[str, Any]) -> None:
        if self.name is None:
            self.name = message["username"]

    def joinroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            return
        notice = {"action": "joinroom", "room": message["room"], "from": self.name}
        others = self.join(message["room"])
        members = [member.name for member in ROOMS[message["room"]]]
        # The joiner first: every later message to it then follows this answer.
        self.send({**notice, "members": members})
        send_to(others, notice)

    def leaveroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            return
        notice = {"action": "leaveroom", "room": message["room"], "from": self.name}
        others = self.leave(message["room"])
        self.send(notice)
        send_to(others, notice)

    def chat(self, message: dict[str, Any]) -> None:
        room, text = message["room"], message["message"]
        if room in self.rooms:
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

    def say_last(self, message: dict[str, Any]) -> None:
        self.send(message)
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
        # Leave every room first: a client in the middle of leaving must not be told.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            send_to(others, notice)


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Write to all members and wait for none."""
    payload = json.dumps(message).encode()  # once, not once per member
    frame = len(payload).to_bytes(HEADER, byteorder="little") + payload
    for member in members:
        member.write(frame)


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
