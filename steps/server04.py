"""The server remembers the rooms.

New: a Client for each connection, and ROOMS, which all tasks share without a lock.
Still wrong: it knows who is in a room but delivers nothing to them.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from typing import Any

from utils01 import new_messages, send_message

ROOMS: dict[str, set["Client"]] = {}  # members; empty rooms are deleted


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        for listening in server.sockets:
            # Ask the socket: if we asked for port 0, only it knows the port.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, in brackets as in a URL
            print(f"Listening on {host}:{port}", flush=True)
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
        print("New client connected!", flush=True)
        async for message in new_messages(reader):
            action = message.get("action")
            if not action:
                continue
            handler = handlers.get(action)
            if not handler:
                continue
            await handler(message)
    finally:
        # Nothing else closes it: without this, the connection stays half open.
        writer.close()
        # Every exit path runs this, also after an exception in a handler.
        for room in list(client.rooms):
            client.leave(room)
        print("Client gone.", flush=True)


class Client:
    """One connection: its name, after connect, and the rooms it is in."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.name: str | None = None
        self.rooms: set[str] = set()

    async def connect(self, message: dict[str, Any]) -> None:
        if self.name is None:
            self.name = message["username"]

    async def joinroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            return
        notice = {"action": "joinroom", "room": message["room"], "from": self.name}
        self.join(message["room"])
        await self.send(notice)

    async def leaveroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            return
        notice = {"action": "leaveroom", "room": message["room"], "from": self.name}
        self.leave(message["room"])
        await self.send(notice)

    async def chat(self, message: dict[str, Any]) -> None:
        room, text = message["room"], message["message"]
        if room in self.rooms:
            others = [member.name for member in ROOMS[room] - {self}]
            print(f"{others!a} should hear {text!a}", flush=True)

    async def send(self, message: dict[str, Any]) -> None:
        await send_message(self.writer, message)

    # Two places say who is in a room. There is no await in the two methods below,
    # so no other task ever sees them disagree.

    def join(self, room: str) -> None:
        ROOMS.setdefault(room, set()).add(self)
        self.rooms.add(room)

    def leave(self, room: str) -> None:
        if room in self.rooms:
            self.rooms.remove(room)
            ROOMS[room].remove(self)
            if not ROOMS[room]:
                del ROOMS[room]  # or empty rooms pile up over a year


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run cancelled main and waited for it: nothing is left to do
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
