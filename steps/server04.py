"""The server remembers who is in which room.

New: a Client for each connection, and ROOMS, which all tasks share without a lock.
Still wrong: it knows the room, and never speaks to it.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from typing import Any

from utils01 import new_messages, send_message

ROOMS: dict[str, set["Client"]] = {}  # who is in which room; no room is kept empty


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        for listening in server.sockets:
            # Ask the socket: whoever wants port 0 has to be told which one it became.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, as URLs have it
            print(f"Listening on {host}:{port}", flush=True)
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
        # Nobody else will: without this the connection stays half open.
        writer.close()
        # Every way out leads through here, an exception in a handler included.
        for room in list(client.rooms):
            client.leave(room)
        print("Client gone.", flush=True)


class Client:
    """One connection: a name, once it has said who it is, and the rooms it is in."""

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
                del ROOMS[room]  # or a server that runs for a year drowns in them


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
