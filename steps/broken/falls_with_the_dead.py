"""Wrong on purpose: one broken connection ends the task of whoever speaks.

Twin of: server05
Breaks: members_who_leave_do_not_harm_a_talker
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from typing import Any

from utils01 import new_messages, send_message

ROOMS: dict[str, set["Client"]] = {}  # who is in which room; no room is kept empty


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        # Ask the socket: whoever wants port 0 has to be told which one it became.
        host, port = server.sockets[0].getsockname()[:2]
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

    print("New client connected!", flush=True)
    try:
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
        await client.leave_all()
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
        others = self.join(message["room"])
        members = [member.name for member in ROOMS[message["room"]]]
        # The joiner comes first: whatever is said from here on follows this answer.
        await self.send({**notice, "members": members})
        await send_to(others, notice)

    async def leaveroom(self, message: dict[str, Any]) -> None:
        if self.name is None:
            return
        notice = {"action": "leaveroom", "room": message["room"], "from": self.name}
        others = self.leave(message["room"])
        await self.send(notice)
        await send_to(others, notice)

    async def chat(self, message: dict[str, Any]) -> None:
        room, text = message["room"], message["message"]
        if room in self.rooms:
            # Built from what we know: whatever else the client put in ends here.
            relay = {"action": "chat", "room": room, "message": text, "from": self.name}
            await send_to(ROOMS[room] - {self}, relay)

    async def send(self, message: dict[str, Any]) -> None:
        await send_message(self.writer, message)

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

    async def leave_all(self) -> None:
        # Out of every room first: telling the others waits, and may be cut short.
        news = [(room, self.leave(room)) for room in list(self.rooms)]
        for room, others in news:
            notice = {"action": "leaveroom", "room": room, "from": self.name}
            await send_to(others, notice)


async def send_to(members: set[Client], message: dict[str, Any]) -> None:
    """Send to one member after the other, and wait for each.

    The set is a copy of the room: others may come and go while we wait.
    """
    for member in members:
        await member.send(message)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
