"""The server is not slowed down by a slow reader.

New: it writes to all and waits for none; whoever is too far behind is dropped.
Still wrong: to stop it loses words, spews errors or hangs.
"""

import asyncio
import json
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Any

from utils01 import HEADER, new_messages

ROOMS: dict[str, set["Client"]] = {}  # who is in which room; no room is kept empty

# Bytes that may wait for one client. With less, a minute without a network ends a
# connection; with more, a thousand who do not read fill the memory.
MAX_UNSENT = 2**20


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        for listening in server.sockets:
            # Ask the socket: whoever wants port 0 has to be told which one it became.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, as URLs have it
            log(f"Listening on {host}:{port}")
        await server.serve_forever()
        # -- never comes here: to stop the server is to cancel main --


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Do what one client asks for, until it has no more to say."""
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
            # What has come already is read without waiting: whoever sends much at once
            # would have the loop alone. A turn for the others, to get what is theirs.
            await asyncio.sleep(0)
    finally:
        # Nobody else will: without this the connection stays half open.
        writer.close()
        # Every way out leads through here, an exception in a handler included.
        client.leave_all()
        log("Client gone.")


def log(line: str) -> None:
    """Print a line, if that can be done: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Client:
    """One connection: a name, once it has said who it is, and the rooms it is in."""

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
        # The joiner comes first: whatever is said from here on follows this answer.
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
            # Built from what we know: whatever else the client put in ends here.
            relay = {"action": "chat", "room": room, "message": text, "from": self.name}
            send_to(ROOMS[room] - {self}, relay)

    def send(self, message: dict[str, Any]) -> None:
        send_to({self}, message)

    def write(self, frame: bytes) -> None:
        if self.writer.is_closing():
            return  # gone already, and not yet out of its rooms
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT:
            # Not close(): that would wait until all of this has been read.
            self.writer.transport.abort()
        else:
            self.writer.write(frame)

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
        # Out of every room first: nobody hears it from one who is still in another.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            send_to(others, notice)


def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Write to all members, and wait for none."""
    payload = json.dumps(message).encode()  # once, and not once for each member
    frame = len(payload).to_bytes(HEADER, byteorder="little") + payload
    for member in members:
        member.write(frame)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
    # What could not be printed is still there, and Python would complain of it now.
    sys.stdout = None
