"""A room on the ``websockets`` library, with the ``broadcast`` that it recommends.

Does what step 05 does with ``connect``, ``joinroom`` and ``chat``.
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

BACKLOG = 4096  # connections that may wait to be accepted

ROOMS: dict[str, dict[ServerConnection, str]] = {}  # who is in which, and their names


async def serve_client(client: ServerConnection) -> None:
    """Do what one client asks for, until it has no more to say."""
    name, rooms = "", set()
    try:
        async for frame in client:
            message = json.loads(frame)
            action, room = message["action"], message.get("room")
            if action == "chat":
                text = message["message"]
                relay = {"action": action, "room": room, "message": text, "from": name}
                broadcast(ROOMS[room].keys() - {client}, json.dumps(relay))
            elif action == "joinroom":
                rooms.add(room)
                await join(client, name, room)
            elif action == "connect":
                name = message["username"]
    except ConnectionClosed:
        pass  # without the goodbye of the protocol: that is how the generator leaves
    finally:
        for room in rooms:
            del ROOMS[room][client]
            tell("leaveroom", room, name)


async def join(client: ServerConnection, name: str, room: str) -> None:
    """Let somebody into a room: they hear who is there, the others that they came."""
    tell("joinroom", room, name)
    members = ROOMS.setdefault(room, {})
    members[client] = name
    answer = {"action": "joinroom", "room": room, "from": name}
    await client.send(json.dumps({**answer, "members": list(members.values())}))


def tell(action: str, room: str, name: str) -> None:
    """Tell all in a room who has come or gone."""
    notice = {"action": action, "room": room, "from": name}
    broadcast(ROOMS.get(room, ()), json.dumps(notice))


async def main(port: int) -> None:
    """Listen on a port of this machine until cancelled."""
    async with serve(
        serve_client,
        "127.0.0.1",
        port,
        compression=None,
        ping_interval=None,
        backlog=BACKLOG,
    ) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
