"""The server does not wait for slow clients.

New: it writes to all and waits for none; it disconnects clients too far behind.
Still wrong: stopping it loses messages, prints errors or hangs.
"""

import asyncio
import json
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Any

from utils01 import HEADER, new_messages

ROOMS: dict[str, set["Client"]] = {}  # members; empty rooms are deleted

# Bytes that may wait for one client. With less, a minute without network ends a
# connection; with more, a thousand clients that do not read fill the memory.
MAX_UNSENT = 2**20


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        for listening in server.sockets:
            # Ask the socket: if we asked for port 0, only it knows the port.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, in brackets as in a URL
            log(f"Listening on {host}:{port}")
        await server.serve_forever()
        # -- never reached: you stop the server by cancelling main --


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Handle the messages of one client, until it ends its stream."""
    client = Client(writer)
    handlers = {
        "connect": client.connect,
        "joinroom": client.joinroom,
        "leaveroom": client.leaveroom,
        "chat": client.chat,
    }

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
        log("Client gone.")


def log(line: str) -> None:
    """Print a line if possible: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Client:
    """One connection: its name, after connect, and the rooms it is in."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
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
        if self.writer.is_closing():
            return  # it has left already but is still in its rooms
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            # Not close(): it would wait until the client reads all of this.
            self.writer.transport.abort()
        else:
            self.writer.write(frame)

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


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run cancelled main and waited for it: nothing is left to do
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
    # Python would report output that could not be printed as an error now.
    sys.stdout = None
